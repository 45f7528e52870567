import { readCondition } from './condition.ts';
import { invalid, invalidValue } from './invalid.ts';
import { partBytes } from './keys.ts';
import type { Condition, Operand, Part } from './operands.ts';
import type { Scope } from './scope.ts';
import type { KeyPart, Keys } from './table.ts';
import { type AttributeValue, typeOf } from './value.ts';

interface Bound {
  bytes: Buffer;
  /** Whether the bound itself is outside. */
  open: boolean;
}

/** The stretch of one partition that a query reads. */
export interface Stretch {
  hash: Buffer;
  low?: Bound;
  high?: Bound;
}

/** Reads a KeyConditionExpression against the keys of the table or index that it queries. */
export function readKeyCondition(keys: Keys, expression: string | undefined, scope: Scope): Stretch {
  if (expression === undefined) {
    throw invalid(
      'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
    );
  }
  const byName = conditionsByName(expression, scope);
  const onHash = byName.get(keys.hash.name);
  if (!onHash) throw invalid(`Query condition missed key schema element: ${keys.hash.name}`);
  if (onHash.is !== 'comparison' || onHash.comparator !== '=') throw unsupported();
  const hash = bytes(keys.hash, onHash.right, true);
  if (byName.size === 1) return { hash };
  if (!keys.range) throw unsupported();
  const onRange = byName.get(keys.range.name);
  if (!onRange) throw invalid(`Query condition missed key schema element: ${keys.range.name}`);
  if (byName.size > 2) throw unsupported();
  return { hash, ...bounds(keys.range, onRange) };
}

function conditionsByName(expression: string, scope: Scope): Map<string, Part> {
  const byName = new Map<string, Part>();
  for (const part of flat(readCondition('KeyConditionExpression', expression, scope))) {
    const name = nameOf(part);
    if (byName.has(name)) throw invalid('KeyConditionExpressions must only contain one condition per key');
    byName.set(name, part);
  }
  return byName;
}

function flat(condition: Condition): Part[] {
  if (condition.is === 'and') return [...flat(condition.left), ...flat(condition.right)];
  if (condition.is === 'or' || condition.is === 'not') throw badOperator(condition.is.toUpperCase());
  if (condition.is === 'in') throw badOperator('IN');
  if (condition.is === 'test' && condition.test !== 'begins_with') throw badOperator(condition.test);
  if (condition.is === 'comparison' && condition.comparator === '<>') throw badOperator('<>');
  return [condition.is === 'comparison' ? facing(condition) : condition];
}

const MIRRORED = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

/** The same comparison with the key on the left. */
function facing(part: Extract<Part, { is: 'comparison' }>): Part {
  if ('path' in part.left) return part;
  return { ...part, left: part.right, right: part.left, comparator: MIRRORED[part.comparator] };
}

function nameOf(part: Part): string {
  const operand = part.is === 'comparison' ? part.left : part.is === 'test' ? part.operands[0] : part.operand;
  if (!operand || !('path' in operand)) throw unsupported();
  if (operand.path.length > 1) {
    throw invalid('KeyConditionExpressions cannot have conditions on nested attributes');
  }
  return operand.path[0];
}

function bounds(range: KeyPart, part: Part): Omit<Stretch, 'hash'> {
  if (part.is === 'between') {
    const [low, high] = [bytes(range, part.low), bytes(range, part.high)];
    return { low: { bytes: low, open: false }, high: { bytes: high, open: false } };
  }
  if (part.is === 'test') return startingWith(bytes(range, part.operands[1]));
  if (part.is !== 'comparison') throw unsupported();
  const bound = { bytes: bytes(range, part.right), open: part.comparator === '<' || part.comparator === '>' };
  if (part.comparator === '=') return { low: bound, high: bound };
  return part.comparator.startsWith('<') ? { high: bound } : { low: bound };
}

function startingWith(prefix: Buffer): Omit<Stretch, 'hash'> {
  const last = prefix.findLastIndex((byte) => byte < 255);
  const low = { bytes: prefix, open: false };
  if (last < 0) return { low };
  const after = Buffer.from(prefix.subarray(0, last + 1));
  after[last] = (after[last] ?? 0) + 1;
  return { low, high: { bytes: after, open: true } };
}

function bytes(part: KeyPart, operand: Operand | undefined, isHash = false): Buffer {
  const value: AttributeValue | undefined = operand && 'value' in operand ? operand.value : undefined;
  if (!value) throw unsupported();
  if (typeOf(value) !== part.type) throw invalidValue('Condition parameter type does not match schema type');
  return partBytes(part, value, isHash);
}

function badOperator(operator: string) {
  return invalid(`Invalid operator used in KeyConditionExpression: ${operator}`);
}

function unsupported() {
  return invalid('Query key condition not supported');
}
