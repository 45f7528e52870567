import { broken, invalid, invalidValue } from './invalid.ts';
import { type Index, type KeyPart, type Keys, names, type Table } from './table.ts';
import { type AttributeValue, attribute, encode, type Item, readItem, sizeOf, typeOf } from './value.ts';

/** A key in bytes that sort as DynamoDB sorts; without a range key, `range` is empty. */
export interface KeyBytes {
  hash: Buffer;
  range: Buffer;
}

const MAX_HASH = 2048;
const MAX_RANGE = 1024;
const MAX_ITEM = 400 * 1024;
const NONE = Buffer.of();

/** Checks an item to be stored: its keys, those of the indexes it enters, its size. */
export function checkItem(table: Table, item: Item): KeyBytes {
  for (const part of parts(table.keys)) {
    const value = attribute(item, part.name);
    if (!value) throw invalidValue(`Missing the key ${part.name} in the item`);
    if (typeOf(value) !== part.type) {
      throw invalidValue(
        `Type mismatch for key ${part.name} expected: ${part.type} actual: ${typeOf(value)}`,
      );
    }
  }
  const key = readKeyBytes(table.keys, item);
  checkIndexKeys(table, item);
  if (sizeOf(item) > MAX_ITEM) throw invalid('Item size has exceeded the maximum allowed size');
  return key;
}

/** Checks what an update made of an item: keys stay, so only the indexes' keys and the size can be wrong. */
export function checkUpdated(table: Table, item: Item): void {
  checkIndexKeys(table, item);
  if (sizeOf(item) > MAX_ITEM) throw invalid('Item size to update has exceeded the maximum allowed size');
}

/** Reads the Key parameter of a request: exactly the key's attributes, of its types. */
export function readKey(table: Table, input: unknown): { key: Item; bytes: KeyBytes } {
  if (input === undefined) throw broken('key', input, 'Member must not be null');
  const key = readItem(input);
  if (Object.keys(key).length !== parts(table.keys).length) {
    throw invalid('The number of conditions on the keys is invalid');
  }
  if (!hasKey(table.keys, key)) throw invalid('The provided key element does not match the schema');
  return { key, bytes: readKeyBytes(table.keys, key) };
}

/** Whether `item` has every attribute of the key, in its type. */
export function hasKey(keys: Keys, item: Item): boolean {
  return parts(keys).every(({ name, type }) => attribute(item, name)?.[type] !== undefined);
}

/** The item's key within an index, or undefined when the item is not in it. */
export function indexKey({ keys }: Index, item: Item): KeyBytes | undefined {
  if (!parts(keys).every(({ name }) => attribute(item, name))) return undefined;
  return readKeyBytes(keys, item);
}

/** Only the attributes of these keys. */
export function pick(item: Item, ...all: Keys[]): Item {
  const wanted = [...new Set(all.flatMap(names))];
  return Object.fromEntries(wanted.map((name) => [name, item[name] as AttributeValue]));
}

/** Encodes a key value for its part of the key, checking that it is neither empty nor too long. */
export function partBytes(part: KeyPart, value: AttributeValue, isHash: boolean): Buffer {
  const bytes = encode(value) ?? NONE;
  if (bytes.length === 0) throw invalid(`${NOT_VALID} ${emptyKey(part)} Key: ${part.name}`);
  if (part.type === 'N') return bytes;
  if (isHash && bytes.length > MAX_HASH) {
    throw invalidValue('Size of hashkey has exceeded the maximum size limit of2048 bytes');
  }
  if (!isHash && bytes.length > MAX_RANGE) {
    throw invalidValue('Aggregated size of all range keys has exceeded the size limit of 1024 bytes');
  }
  return bytes;
}

function parts({ hash, range }: Keys): KeyPart[] {
  return range ? [hash, range] : [hash];
}

/** The key of an item that has all of its attributes. */
export function readKeyBytes({ hash, range }: Keys, item: Item): KeyBytes {
  return {
    hash: partBytes(hash, item[hash.name] ?? {}, true),
    range: range ? partBytes(range, item[range.name] ?? {}, false) : NONE,
  };
}

const NOT_VALID = 'One or more parameter values are not valid.';

function emptyKey({ type }: KeyPart): string {
  return `The AttributeValue for a key attribute cannot contain an empty ${type === 'B' ? 'binary' : 'string'} value.`;
}

function checkIndexKeys(table: Table, item: Item): void {
  for (const index of table.indexes) {
    for (const part of parts(index.keys)) {
      const value = attribute(item, part.name);
      if (value) checkIndexKey(index.name, part, value);
    }
  }
}

function checkIndexKey(index: string, part: KeyPart, value: AttributeValue): void {
  if (typeOf(value) !== part.type) {
    throw invalidValue(
      `Type mismatch for Index Key ${part.name} Expected: ${part.type} Actual: ${typeOf(value)} IndexName: ${index}`,
    );
  }
  if ((encode(value) ?? NONE).length > 0) return;
  throw invalid(
    `${NOT_VALID} A value specified for a secondary index key is not supported. ` +
      `${emptyKey(part)} IndexName: ${index}, IndexKey: ${part.name}`,
  );
}
