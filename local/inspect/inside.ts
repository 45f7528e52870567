import { AwsError } from '../aws/service.ts';
import type { MovableClock } from '../clock.ts';
import type { Services } from '../services.ts';
import type { Store } from '../store.ts';

/** What is looked into. */
export interface Inside {
  store: Store;
  clock: MovableClock;
  services: Services;
  /** Where mails are read. */
  mailbox: string;
}

export type Row = Record<string, unknown>;

/** What is asked about: one thing by its name, and in it one by its key. */
export interface Asked {
  name: string;
  key: string;
  /** The most rows that are answered. */
  limit: number;
  /** Of executions. */
  machine: string;
  status: string;
}

export type View = (inside: Inside, asked: Asked) => unknown;

/** Epoch milliseconds as ISO 8601; null for what is no time. */
export function time(at: unknown): string | null {
  return typeof at === 'number' ? new Date(at).toISOString() : null;
}

/** Enough of a token to tell it from another. */
export function shortened(token: string): string {
  return token.length > 12 ? `…${token.slice(-8)}` : '…';
}

/** Text in which task tokens are shortened, wherever they are: in inputs, messages, events, items and logs. */
export function withoutTokens(text: string): string {
  return text.replace(/AQCEAAAAKgAAAAMAAAAA[\w-]+/g, shortened);
}

/** What is named in full, or by a part that only it has. */
export function named(names: string[], given: string): string {
  const part = given.toLowerCase();
  const found = names.includes(given) ? [given] : names.filter((name) => name.toLowerCase().includes(part));
  if (found.length === 1) return found[0] as string;
  if (found.length > 1)
    throw new AwsError('Ambiguous', `${given} means ${found.join(' and ')}: name one`, 400);
  const known = names.length > 0 ? `there are ${names.slice(0, 20).join(', ')}` : 'there are none';
  throw new AwsError('NotFound', `Nothing is called ${given}; ${known}`, 404);
}
