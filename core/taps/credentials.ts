import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Fault } from '../fault.ts';
import { SECRET_NAME } from './redact.ts';

export const Config = z.record(z.string(), z.unknown());
export type Config = z.infer<typeof Config>;

/** A config as it is kept. What is wrong with it is not said in its own words. */
export function parsedConfig(text: string): Config {
  try {
    return Config.parse(JSON.parse(text));
  } catch {
    throw new Fault('Invalid', 'The config must be a JSON object, as the tap reads it');
  }
}

/** A config with its secrets, where it is kept for one tenant. */
export interface Credentials {
  /** The config and the mark of this version of it. */
  read(): Promise<{ text: string; version: string }>;
  /** Keeps a new config; throws `Conflict` when somebody else has kept one since that version. Answers the new mark. */
  write(text: string, since: string): Promise<string>;
  /** Does something while nobody else does anything with the same credentials: two refreshes at once lose a token. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** A lock that ends by itself, so that a task which dies holds nothing for long. */
export interface Leases {
  /** Throws `Unavailable` while somebody else holds it. */
  take(id: string, holder: string): Promise<void>;
  /** Throws `Conflict` when it has ended, and somebody else may have taken it. */
  extend(id: string, holder: string): Promise<void>;
  release(id: string, holder: string): Promise<void>;
  /** Milliseconds after which one that is not extended ends. */
  length: number;
}

export interface Owner {
  org: string;
  tenant: string;
}

/** The secret of a tenant's credentials, below its organization's and its own name. Throws `Invalid` for any other one. */
export function secretOf(prefix: string, { org, tenant }: Owner, credentials: string): string {
  const own = `${prefix}/${org}/${tenant}/`;
  const name = credentials.replace(/^arn:.*?:secret:/, '');
  const isWhole = name !== credentials || name.startsWith(`${prefix}/`);
  if (!isWhole) return own + name;
  if (name.startsWith(own) && name.length > own.length) return credentials;
  throw new Fault(
    'Invalid',
    `credentials: ${name} is not a secret of tenant ${tenant}; those begin with ${own}`,
  );
}

const VOLATILE = /expir|issued|timestamp|nonce|cursor|bookmark/i;

/** A config's digest without its secrets, and without what a run itself writes into it: changes when somebody changes the config. */
export function digestOf(config: Config, tenant: string): string {
  const text = JSON.stringify([tenant, sorted(config)]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** A time of about now, in seconds or milliseconds. */
const isTime = (value: unknown) =>
  typeof value === 'number' && [value, value / 1_000].some((one) => one > 1.5e9 && one < 2.5e9);

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return isTime(value) ? null : value;
  const kept = Object.entries(value).filter(([name]) => !SECRET_NAME.test(name) && !VOLATILE.test(name));
  return kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, sorted(one)]);
}

/** Names of what differs between two configs; never what it is. */
export function rotatedKeys(before: unknown, after: unknown, path = ''): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isObject(before) || !isObject(after)) return [path || '(everything)'];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) =>
    rotatedKeys(before[name], after[name], path ? `${path}.${name}` : name),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
