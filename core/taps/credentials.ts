import * as z from 'zod';

export const Config = z.record(z.string(), z.unknown());
export type Config = z.infer<typeof Config>;

/** A config with its secrets, where it is kept for one tenant. */
export interface Credentials {
  /** The config and the mark of this version of it. */
  read(): Promise<{ text: string; version: string }>;
  /** Keeps a new config; throws `Conflict` when somebody else has kept one since that version. Answers the new mark. */
  write(text: string, since: string): Promise<string>;
  /** Does something while nobody else does anything with the same credentials: two refreshes at once lose a token. */
  alone<T>(work: () => Promise<T>): Promise<T>;
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
