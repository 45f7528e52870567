import { type Cursor, cursorOver, type Path } from './cursor.ts';
import { shown } from './path.ts';
import type { Scope } from './scope.ts';
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

const COMPARATORS: readonly string[] = ['=', '<>', '<', '<=', '>', '>='];
const ARITY: Record<Test, number> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
};
const MAX_IN = 100;

/** Reads a condition, filter or key-condition expression; `kind` is the parameter's name. */
export function readCondition(kind: string, expression: string, scope: Scope): Condition {
  const cursor = cursorOver(kind, expression, scope);
  let group: Condition | undefined;
  const condition = or();
  if (cursor.peek) throw cursor.syntaxError();
  return condition;

  function or(): Condition {
    let left = and();
    while (cursor.take('OR')) left = { is: 'or', left, right: and() };
    return left;
  }

  function and(): Condition {
    let left = not();
    while (cursor.take('AND')) left = { is: 'and', left, right: not() };
    return left;
  }

  function not(): Condition {
    return cursor.take('NOT') ? { is: 'not', inner: not() } : primary();
  }

  function primary(): Condition {
    if (cursor.peek === '(' && !opensOperand(cursor)) return parenthesised();
    const test = isCall(cursor) && testName(cursor.peek);
    if (!test) return comparison(cursor, operand(cursor));
    const operands = call(cursor);
    if (COMPARATORS.includes(cursor.peek)) throw misused(cursor, test);
    checkTest(cursor, test, operands);
    return { is: 'test', test, operands };
  }

  function parenthesised(): Condition {
    cursor.expect('(');
    const inner = or();
    cursor.expect(')');
    if (inner === group) throw cursor.error('The expression has redundant parentheses;');
    group = inner;
    return inner;
  }
}

/** Whether the parenthesis ahead holds one operand, as in `(a) = :b`, rather than a condition. */
function opensOperand(cursor: Cursor): boolean {
  let depth = 0;
  for (let ahead = 0; cursor.ahead(ahead) !== ''; ahead += 1) {
    const token = cursor.ahead(ahead).toUpperCase();
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (depth === 0) return [...COMPARATORS, 'BETWEEN', 'IN'].includes(cursor.ahead(ahead + 1).toUpperCase());
  }
  return false;
}

function comparison(cursor: Cursor, left: Operand): Condition {
  if (cursor.take('BETWEEN')) {
    const low = operand(cursor);
    cursor.expect('AND');
    const high = operand(cursor);
    checkBounds(cursor, low, high);
    return { is: 'between', operand: left, low, high };
  }
  if (cursor.take('IN')) return { is: 'in', operand: left, list: list(cursor, left) };
  const comparator = cursor.peek as Comparator;
  if (!COMPARATORS.includes(comparator)) {
    throw 'sizeOf' in left && cursor.peek === '' ? misused(cursor, 'size') : cursor.syntaxError();
  }
  cursor.next();
  const right = operand(cursor);
  refuseSame(cursor, comparator, [left, right]);
  if (comparator !== '=' && comparator !== '<>')
    for (const one of [left, right]) checkOrdered(cursor, comparator, one);
  return { is: 'comparison', comparator, left, right };
}

function list(cursor: Cursor, left: Operand): Operand[] {
  cursor.expect('(');
  const all = [operand(cursor)];
  while (cursor.take(',')) all.push(operand(cursor));
  cursor.expect(')');
  if (all.length > MAX_IN) throw wrongCount(cursor, 'IN', all.length + 1);
  refuseSame(cursor, 'IN', [left, ...all]);
  return all;
}

/** Reads a path, a value, `size(…)`, or one of these in parentheses. */
export function operand(cursor: Cursor): Operand {
  if (cursor.take('(')) {
    const inner = operand(cursor);
    cursor.expect(')');
    return inner;
  }
  if (cursor.peek.startsWith(':')) return { value: cursor.value() };
  if (!isCall(cursor)) return { path: cursor.path() };
  const name = cursor.peek;
  if (name !== 'size') throw testName(name) ? misused(cursor, name) : unknownFunction(cursor, name);
  const operands = call(cursor);
  const [inner] = operands;
  if (!inner || operands.length !== 1) throw wrongCount(cursor, name, operands.length);
  if ('value' in inner && inner.value.N !== undefined) throw wrongType(cursor, name, inner.value);
  return { sizeOf: inner };
}

function call(cursor: Cursor): Operand[] {
  cursor.next();
  cursor.expect('(');
  const operands = [operand(cursor)];
  while (cursor.take(',')) operands.push(operand(cursor));
  cursor.expect(')');
  return operands;
}

/** Whether a function's name and its parenthesis come next. */
export function isCall(cursor: Cursor): boolean {
  return /^[A-Za-z]/.test(cursor.peek) && cursor.ahead(1) === '(';
}

function testName(name: string): Test | undefined {
  return Object.hasOwn(ARITY, name) ? (name as Test) : undefined;
}

function checkTest(cursor: Cursor, test: Test, operands: Operand[]): void {
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

function checkBounds(cursor: Cursor, low: Operand, high: Operand): void {
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

function checkOrdered(cursor: Cursor, operator: string, one: Operand): void {
  if ('value' in one && !encode(one.value)) throw wrongType(cursor, operator, one.value);
}

function refuseSame(cursor: Cursor, operator: string, [first, ...others]: Operand[]): void {
  if (!first || !('path' in first)) return;
  const path = shown(first.path);
  if (!others.some((other) => 'path' in other && shown(other.path) === path)) return;
  throw cursor.error(
    'The first operand must be distinct from the remaining operands for this operator or function; ' +
      `operator: ${operator}, first operand: ${path}`,
  );
}

function misused(cursor: Cursor, name: string) {
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
