import type { Comparator, Condition, Operand, Test } from './operands.ts';
import { at } from './path.ts';
import { type AttributeValue, encode, type Item, isEqual, typeOf } from './value.ts';

/** Whether `item` meets the condition; an item that does not exist is one without attributes. */
export function holds(condition: Condition, item: Item): boolean {
  switch (condition.is) {
    case 'and':
      return holds(condition.left, item) && holds(condition.right, item);
    case 'or':
      return holds(condition.left, item) || holds(condition.right, item);
    case 'not':
      return !holds(condition.inner, item);
    case 'comparison':
      return compare(condition.comparator, read(condition.left, item), read(condition.right, item));
    case 'between': {
      const value = read(condition.operand, item);
      return (
        compare('>=', value, read(condition.low, item)) && compare('<=', value, read(condition.high, item))
      );
    }
    case 'in': {
      const value = read(condition.operand, item);
      return condition.list.some((one) => compare('=', value, read(one, item)));
    }
    case 'test': {
      const [first, second] = condition.operands.map((one) => read(one, item));
      return tests[condition.test](first, second);
    }
  }
}

function read(operand: Operand, item: Item): AttributeValue | undefined {
  if ('value' in operand) return operand.value;
  if ('path' in operand) return at(item, operand.path);
  const length = lengthOf(read(operand.sizeOf, item));
  return length === undefined ? undefined : { N: String(length) };
}

function lengthOf(value: AttributeValue | undefined): number | undefined {
  if (value?.S !== undefined) return value.S.length;
  if (value?.B !== undefined) return Buffer.byteLength(value.B, 'base64');
  if (value?.M) return Object.keys(value.M).length;
  return (value?.L ?? value?.SS ?? value?.NS ?? value?.BS)?.length;
}

type Maybe = AttributeValue | undefined;

/** A comparison with what is absent fails, but for `<>`, which succeeds. */
function compare(comparator: Comparator, a: Maybe, b: Maybe): boolean {
  if (comparator === '=') return !!a && !!b && isEqual(a, b);
  if (comparator === '<>') return !(a && b && isEqual(a, b));
  const [left, right] = [a && encode(a), b && encode(b)];
  if (!(a && b && left && right) || typeOf(a) !== typeOf(b)) return false;
  const order = Buffer.compare(left, right);
  if (comparator === '<') return order < 0;
  if (comparator === '<=') return order <= 0;
  return comparator === '>' ? order > 0 : order >= 0;
}

const tests: Record<Test, (first: Maybe, second: Maybe) => boolean> = {
  attribute_exists: (first) => first !== undefined,
  attribute_not_exists: (first) => first === undefined,
  attribute_type: (first, second) => !!first && typeOf(first) === second?.S,
  begins_with: (first, second) => {
    if (first?.S !== undefined && second?.S !== undefined) return first.S.startsWith(second.S);
    if (first?.B === undefined || second?.B === undefined) return false;
    const prefix = Buffer.from(second.B, 'base64');
    return Buffer.from(first.B, 'base64').subarray(0, prefix.length).equals(prefix);
  },
  contains: (first, second) => {
    if (!first || !second) return false;
    if (first.L) return first.L.some((one) => isEqual(one, second));
    return containsScalar(first, second);
  },
};

function containsScalar(whole: AttributeValue, part: AttributeValue): boolean {
  if (part.S !== undefined) return whole.S?.includes(part.S) ?? whole.SS?.includes(part.S) ?? false;
  if (part.N !== undefined) return whole.NS?.includes(part.N) ?? false;
  if (part.B === undefined) return false;
  if (whole.B === undefined) return whole.BS?.includes(part.B) ?? false;
  return Buffer.from(whole.B, 'base64').includes(Buffer.from(part.B, 'base64'));
}
