import type { Cursor, Path } from './cursor.ts';
import { shown } from './path.ts';
import { type AttributeValue, encode, typeOf, VALUE_TYPES } from './value.ts';

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';
export type Test =
  | 'attribute_exists'
  | 'attribute_not_exists'
  | 'attribute_type'
  | 'begins_with'
  | 'contains';
export type Operand = { path: Path } | { value: AttributeValue } | { sizeOf: Operand };

/** One comparison or test, without connectives. */
export type Part =
  | { is: 'comparison'; comparator: Comparator; left: Operand; right: Operand }
  | { is: 'between'; operand: Operand; low: Operand; high: Operand }
  | { is: 'in'; operand: Operand; list: Operand[] }
  | { is: 'test'; test: Test; operands: Operand[] };

export type Condition =
  | { is: 'and'; left: Condition; right: Condition }
  | { is: 'or'; left: Condition; right: Condition }
  | { is: 'not'; inner: Condition }
  | Part;

const ARITY: Record<Test, number> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
};
/** The name if it is that of a test, which yields true or false. */
export function testName(name: string): Test | undefined {
  return Object.hasOwn(ARITY, name) ? (name as Test) : undefined;
}

/** Refuses operands that the test does not take. */
export function checkTest(cursor: Cursor, test: Test, operands: Operand[]): void {
  if (operands.length !== ARITY[test]) throw wrongCount(cursor, test, operands.length);
  const [first, second] = operands as [Operand, Operand?];
  if (test === 'attribute_exists' || test === 'attribute_not_exists') {
    if (!('path' in first)) throw needsPath(cursor, test);
    return;
  }
  refuseSame(cursor, test, operands);
  const value = second && 'value' in second ? second.value : undefined;
  if (test === 'attribute_type') checkTypeName(cursor, value);
  if (test === 'begins_with' && value && value.S === undefined && value.B === undefined) {
    throw wrongType(cursor, test, value);
  }
}

function checkTypeName(cursor: Cursor, value: AttributeValue | undefined): void {
  if (value?.S === undefined) throw wrongType(cursor, 'attribute_type', value);
  if (VALUE_TYPES.some((type) => type === value.S)) return;
  throw cursor.error(
    `Invalid attribute type name found; type: ${value.S}, valid types: {${VALUE_TYPES.join(',')}}`,
  );
}

/** Refuses bounds that have no order or stand upside down. */
export function checkBounds(cursor: Cursor, low: Operand, high: Operand): void {
  for (const one of [low, high]) checkOrdered(cursor, 'BETWEEN', one);
  if (!('value' in low && 'value' in high)) return;
  const bounds = `lower bound operand: ${bound(low.value)}, upper bound operand: ${bound(high.value)}`;
  if (typeOf(low.value) !== typeOf(high.value)) {
    throw cursor.error(`The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`);
  }
  if (Buffer.compare(encode(low.value) ?? Buffer.of(), encode(high.value) ?? Buffer.of()) > 0) {
    throw cursor.error(
      `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`,
    );
  }
}

function bound(value: AttributeValue): string {
  return `AttributeValue: {${typeOf(value)}:${value[typeOf(value)]}}`;
}

/** Refuses a value that has no order. */
export function checkOrdered(cursor: Cursor, operator: string, one: Operand): void {
  if ('value' in one && !encode(one.value)) throw wrongType(cursor, operator, one.value);
}

/** Refuses a first operand that comes again. */
export function refuseSame(cursor: Cursor, operator: string, [first, ...others]: Operand[]): void {
  if (!first || !('path' in first)) return;
  const path = shown(first.path);
  if (!others.some((other) => 'path' in other && shown(other.path) === path)) return;
  throw cursor.error(
    'The first operand must be distinct from the remaining operands for this operator or function; ' +
      `operator: ${operator}, first operand: ${path}`,
  );
}

/** The refusal of a function where it may not stand. */
export function misused(cursor: Cursor, name: string) {
  return cursor.error(`The function is not allowed to be used this way in an expression; function: ${name}`);
}

/** The refusal of a name that is no function at all. */
export function unknownFunction(cursor: Cursor, name: string) {
  return cursor.error(`Invalid function name; function: ${name}`);
}

/** The refusal of a call with too few or too many operands. */
export function wrongCount(cursor: Cursor, name: string, count: number) {
  return cursor.error(
    `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${count}`,
  );
}

/** The refusal of a value of a type that the operator does not take. */
export function wrongType(cursor: Cursor, name: string, value?: AttributeValue) {
  return cursor.error(
    `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${value ? typeOf(value) : 'path'}`,
  );
}

/** The refusal of a value where only a document path may stand. */
export function needsPath(cursor: Cursor, name: string) {
  return cursor.error(`Operator or function requires a document path; operator or function: ${name}`);
}
