import { add, encodeDecimal, formatDecimal, negate, parseDecimal } from './decimal.ts';
import { invalid, invalidValue } from './invalid.ts';

/** A value as the wire has it (binary in base64); exactly one member is set. */
export interface AttributeValue {
  S?: string;
  N?: string;
  B?: string;
  BOOL?: boolean;
  NULL?: boolean;
  SS?: string[];
  NS?: string[];
  BS?: string[];
  L?: AttributeValue[];
  M?: Item;
}

export type ValueType = keyof AttributeValue;
export type Item = Record<string, AttributeValue>;

export const VALUE_TYPES: ValueType[] = ['B', 'NULL', 'SS', 'BOOL', 'L', 'BS', 'N', 'NS', 'S', 'M'];
const MAX_NESTING = 32;

/** Which of the ten types a value has. */
export function typeOf(value: AttributeValue): ValueType {
  return Object.keys(value)[0] as ValueType;
}

/** The attribute of that name, never something inherited. */
export function attribute(item: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

/** A copy that may take any attribute name, `__proto__` included. */
export function copyOf(item: Item): Item {
  return Object.assign(Object.create(null), item);
}

/** Checks a map from the wire and answers it in canonical form (numbers shortest, base64 padded). */
export function readItem(input: unknown, depth = 0): Item {
  if (depth > MAX_NESTING) {
    throw invalid(
      'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
    );
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw badShape();
  const item = copyOf({});
  for (const [name, value] of Object.entries(input)) item[name] = readValue(value, depth);
  return item;
}

/** Checks one value from the wire and answers it in canonical form. */
export function readValue(input: unknown, depth = 0): AttributeValue {
  if (typeof input !== 'object' || input === null) throw badShape();
  const members = Object.entries(input).filter(([, member]) => member !== undefined && member !== null);
  const [[type, member] = ['', undefined], ...more] = members;
  if (more.length > 0) throw invalid(`Supplied AttributeValue has more than one datatypes set, ${ONE_OF}`);
  const read = readers[type as ValueType];
  if (!read) throw invalid(`Supplied AttributeValue is empty, ${ONE_OF}`);
  return { [type]: read(member, depth) };
}

const ONE_OF = 'must contain exactly one of the supported datatypes';

const readers: Record<ValueType, (member: unknown, depth: number) => unknown> = {
  S: text,
  N: number,
  B: binary,
  BOOL: boolean,
  NULL: (member) => {
    if (member !== true) throw invalidValue('Null attribute value types must have the value of true');
    return true;
  },
  SS: (member) => set(member, text, 'An string set  may not be empty'),
  NS: (member) => set(member, number, 'An number set  may not be empty'),
  BS: (member) => set(member, binary, 'Binary sets should not be empty'),
  L: (member, depth) => {
    if (!Array.isArray(member)) throw badShape();
    if (depth >= MAX_NESTING) readItem({}, depth + 1);
    return member.map((one) => readValue(one, depth + 1));
  },
  M: (member, depth) => readItem(member, depth + 1),
};

function text(member: unknown): string {
  if (typeof member !== 'string') throw badShape();
  return member;
}

function number(member: unknown): string {
  return formatDecimal(parseDecimal(text(member).trim()));
}

function binary(member: unknown): string {
  return Buffer.from(text(member), 'base64').toString('base64');
}

function boolean(member: unknown): boolean {
  if (typeof member !== 'boolean') throw badShape();
  return member;
}

function set(member: unknown, read: (one: unknown) => string, empty: string): string[] {
  if (!Array.isArray(member)) throw badShape();
  if (member.length === 0) throw invalidValue(empty);
  const all = member.map(read);
  if (new Set(all).size === all.length) return all;
  if (read === number) throw invalid('Input collection contains duplicates');
  throw invalidValue(
    `Input collection ${read === text ? `[${all.join(', ')}]` : 'of type BS'} contains duplicates.`,
  );
}

function badShape(): Error {
  return invalid('Unexpected value type in payload');
}

/** Bytes an item counts for: names and values in UTF-8, three more for each map or list, one for each element. */
export function sizeOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value),
    0,
  );
}

function valueSize(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberSize(value.N);
  if (value.B !== undefined) return Buffer.byteLength(value.B, 'base64');
  if (value.M) return 3 + Object.keys(value.M).length + sizeOf(value.M);
  if (value.L) return 3 + value.L.reduce((sum, one) => sum + 1 + valueSize(one), 0);
  if (value.SS) return value.SS.reduce((sum, one) => sum + Buffer.byteLength(one), 0);
  if (value.NS) return value.NS.reduce((sum, one) => sum + numberSize(one), 0);
  if (value.BS) return value.BS.reduce((sum, one) => sum + Buffer.byteLength(one, 'base64'), 0);
  return 1;
}

function numberSize(written: string): number {
  const digits = written.replace(/^-?0?\.?0*|\./g, '').replace(/0+$/, '').length;
  return Math.ceil(digits / 2) + 1 + (written.startsWith('-') ? 1 : 0);
}

/** Equal as DynamoDB's `=` has it: sets without order, maps and lists in depth. */
export function isEqual(a: AttributeValue, b: AttributeValue): boolean {
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  if (a.M && b.M) return isEqualItem(a.M, b.M);
  if (a.L && b.L) return a.L.length === b.L.length && a.L.every((one, at) => isEqual(one, b.L?.[at] ?? {}));
  const [left, right] = [a[type], b[type]];
  if (!Array.isArray(left) || !Array.isArray(right)) return left === right;
  const members = new Set<unknown>(right);
  return left.length === right.length && left.every((one) => members.has(one));
}

/** Whether two items have the same attributes with equal values. */
export function isEqualItem(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name] ?? {}, b[name] ?? {}))
  );
}

/** Bytes that sort (memcmp) as DynamoDB sorts strings, numbers and binaries; undefined for what has no order. */
export function encode(value: AttributeValue): Buffer | undefined {
  if (value.S !== undefined) return Buffer.from(value.S);
  if (value.N !== undefined) return encodeDecimal(parseDecimal(value.N));
  if (value.B !== undefined) return Buffer.from(value.B, 'base64');
  return undefined;
}

/** The exact sum of two numbers, or their difference. */
export function sum(a: string, b: string, sign: '+' | '-' = '+'): AttributeValue {
  const right = parseDecimal(b);
  return { N: formatDecimal(add(parseDecimal(a), sign === '-' ? negate(right) : right)) };
}
