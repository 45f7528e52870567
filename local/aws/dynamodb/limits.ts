import { type AwsError, refuse } from '../service.ts';
import { broken, invalid } from './invalid.ts';
import type { KeyBytes } from './keys.ts';

/** Refuses a request for consumed capacity: there is none to speak of. */
export function refuseCapacity(operation: string, input: { ReturnConsumedCapacity?: string }): void {
  const asked = input.ReturnConsumedCapacity ?? 'NONE';
  if (asked !== 'NONE') refuse(`${operation} with ReturnConsumedCapacity ${asked}`);
}

/** Refuses two equal keys in one batch. */
export function refuseDuplicates(keys: KeyBytes[]): void {
  const all = new Set(keys.map(({ hash, range }) => `${hash.toString('hex')}/${range.toString('hex')}`));
  if (all.size < keys.length) throw invalid('Provided list of item keys contains duplicates');
}

/** The refusal of a transaction of no operation or of more than a hundred. */
export function tooMany(member: string, all: unknown[] | undefined): AwsError {
  const length = all?.length ?? 0;
  const bound = length > 0 ? 'less than or equal to 100' : 'greater than or equal to 1';
  return broken(member, all && `[${length} members]`, `Member must have length ${bound}`);
}
