import { AwsError } from '../service.ts';

/** The refusal of a request by its content, in AWS's words. */
export function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

/** {@link invalid} with the opening that most refusals of a value share. */
export function invalidValue(message: string): AwsError {
  return invalid(`One or more parameter values were invalid: ${message}`);
}

/** The refusal of one member by a rule of the API's model. */
export function broken(member: string, value: unknown, constraint: string): AwsError {
  const shown =
    value === undefined ? 'null' : `'${typeof value === 'object' ? JSON.stringify(value) : value}'`;
  return invalid(
    `1 validation error detected: Value ${shown} at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}

/** Refuses a missing member, or one outside its enumeration. */
export function oneOf<T extends string>(
  member: string,
  value: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (value === undefined || allowed.includes(value as T)) return value as T | undefined;
  throw broken(member, value, `Member must satisfy enum value set: [${allowed.join(', ')}]`);
}
