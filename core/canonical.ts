import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { Fault } from './fault.ts';

/**
 * The one JSON text of a value (RFC 8785): what people approve and what the ledger chains are these bytes. Throws
 * `Invalid` for what has no faithful text: integers beyond 2⁵³, NaN, lone surrogates.
 */
export function canonical(value: unknown): string {
  refuseUnsafe(value, '$');
  try {
    return canonicalize(value) ?? refuse('$', 'is not JSON');
  } catch (cause) {
    throw new Fault('Invalid', `Not canonical JSON: ${(cause as Error).message}`, { cause });
  }
}

/** SHA-256 of a text's UTF-8 bytes, as `sha256:` and hex. */
export function hashOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function refuseUnsafe(value: unknown, path: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    refuse(path, 'is an integer beyond 2^53');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) refuseUnsafe(inner, `${path}.${key}`);
}

function refuse(path: string, what: string): never {
  throw new Fault('Invalid', `Not canonical JSON: ${path} ${what}`);
}
