import { isCall } from './condition.ts';
import { type Cursor, cursorOver, type Path } from './cursor.ts';
import { needsPath, unknownFunction, wrongCount, wrongType } from './operands.ts';
import { refuseOverlaps } from './path.ts';
import type { Scope } from './scope.ts';
import { type AttributeValue, typeOf, type ValueType } from './value.ts';

/** The right-hand side of a SET. */
export type Source =
  | { is: 'path'; path: Path }
  | { is: 'value'; value: AttributeValue }
  | { is: 'if_not_exists'; path: Path; otherwise: Source }
  | { is: 'list_append'; left: Source; right: Source }
  | { is: 'sum'; sign: '+' | '-'; left: Source; right: Source };

export interface Update {
  sets: { path: Path; source: Source }[];
  removes: Path[];
  adds: { path: Path; value: AttributeValue }[];
  deletes: { path: Path; value: AttributeValue }[];
  /** Every path that the update names as a target. */
  targets: Path[];
}

const TYPE_NAMES: Record<ValueType, string> = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  BOOL: 'BOOLEAN',
  NULL: 'NULL',
  SS: 'STRING_SET',
  NS: 'NUMBER_SET',
  BS: 'BINARY_SET',
  L: 'LIST',
  M: 'MAP',
};
const CONDITION_FUNCTION =
  /^(attribute_exists|attribute_not_exists|attribute_type|begins_with|contains|size)$/;

/** Reads an UpdateExpression: each of SET, REMOVE, ADD and DELETE at most once, in any order. */
export function readUpdate(expression: string, scope: Scope): Update {
  const cursor = cursorOver('UpdateExpression', expression, scope);
  const update: Update = { sets: [], removes: [], adds: [], deletes: [], targets: [] };
  const clauses: Record<string, () => void> = {
    SET: () => update.sets.push(assignment(cursor)),
    REMOVE: () => update.removes.push(cursor.path()),
    ADD: () => update.adds.push(change(cursor, 'ADD', ['N', 'SS', 'NS', 'BS'])),
    DELETE: () => update.deletes.push(change(cursor, 'DELETE', ['SS', 'NS', 'BS'])),
  };
  const seen = new Set<string>();
  while (cursor.peek) {
    const section = cursor.peek.toUpperCase();
    const clause = clauses[section];
    if (!clause) throw cursor.syntaxError();
    cursor.next();
    if (seen.has(section)) {
      throw cursor.error(`The "${section}" section can only be used once in an update expression;`);
    }
    seen.add(section);
    do clause();
    while (cursor.take(','));
  }
  const assigned = [...update.sets, ...update.adds, ...update.deletes].map(({ path }) => path);
  update.targets = [...assigned, ...update.removes];
  refuseOverlaps(update.targets, cursor);
  return update;
}

function assignment(cursor: Cursor): Update['sets'][number] {
  const path = cursor.path();
  cursor.expect('=');
  return { path, source: sum(cursor) };
}

function change(cursor: Cursor, operator: string, allowed: ValueType[]): Update['adds'][number] {
  const path = cursor.path();
  if (!cursor.peek.startsWith(':')) throw cursor.syntaxError();
  const value = cursor.value();
  if (allowed.includes(typeOf(value))) return { path, value };
  throw cursor.error(
    'Incorrect operand type for operator or function; ' +
      `operator: ${operator}, operand type: ${TYPE_NAMES[typeOf(value)]}, typeSet: ALLOWED_FOR_${operator}_OPERAND`,
  );
}

function sum(cursor: Cursor): Source {
  if (cursor.take('(')) {
    const inner = sum(cursor);
    cursor.expect(')');
    return inner;
  }
  const left = source(cursor);
  const sign = cursor.peek;
  if (sign !== '+' && sign !== '-') return left;
  cursor.next();
  const right = source(cursor);
  for (const one of [left, right]) {
    if (one.is === 'value' && one.value.N === undefined) throw wrongType(cursor, sign, one.value);
  }
  return { is: 'sum', sign, left, right };
}

function source(cursor: Cursor): Source {
  if (cursor.peek.startsWith(':')) return { is: 'value', value: cursor.value() };
  if (!isCall(cursor)) return { is: 'path', path: cursor.path() };
  const name = cursor.next();
  if (CONDITION_FUNCTION.test(name)) {
    throw cursor.error(`The function is not allowed in an update expression; function: ${name}`);
  }
  if (name !== 'if_not_exists' && name !== 'list_append') throw unknownFunction(cursor, name);
  const [left, right, ...more] = sources(cursor);
  if (!left || !right || more.length > 0) throw wrongCount(cursor, name, more.length + (right ? 2 : 1));
  if (name === 'list_append') return append(cursor, left, right);
  if (left.is !== 'path') throw needsPath(cursor, name);
  return { is: 'if_not_exists', path: left.path, otherwise: right };
}

function sources(cursor: Cursor): Source[] {
  cursor.expect('(');
  const all = [source(cursor)];
  while (cursor.take(',')) all.push(source(cursor));
  cursor.expect(')');
  return all;
}

function append(cursor: Cursor, left: Source, right: Source): Source {
  for (const one of [left, right]) {
    if (one.is === 'value' && !one.value.L) throw wrongType(cursor, 'list_append', one.value);
  }
  return { is: 'list_append', left, right };
}
