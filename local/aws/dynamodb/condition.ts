import { type Cursor, cursorOver } from './cursor.ts';
import {
  type Comparator,
  type Condition,
  checkBounds,
  checkOrdered,
  checkTest,
  misused,
  type Operand,
  refuseSame,
  testName,
  unknownFunction,
  wrongCount,
  wrongType,
} from './operands.ts';
import type { Scope } from './scope.ts';

const COMPARATORS: readonly string[] = ['=', '<>', '<', '<=', '>', '>='];
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
