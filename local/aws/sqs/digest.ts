import { createHash } from 'node:crypto';

/** A message attribute as the API writes it; `BinaryValue` is base64 text. */
export interface MessageAttribute {
  DataType: string;
  StringValue?: string;
  BinaryValue?: string;
}

export type MessageAttributes = Record<string, MessageAttribute>;

export function md5(data: string | Buffer): string {
  return createHash('md5').update(data).digest('hex');
}

/** The digest that SDKs compare: length-prefixed name, type and value of each attribute, in order of name. */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  return md5(Buffer.concat(names.flatMap((name) => encode(name, attributes[name] as MessageAttribute))));
}

/** What an attribute counts towards the message's size: its name, its type and its value, in bytes. */
export function attributesSize(attributes: MessageAttributes): number {
  return Object.entries(attributes).reduce(
    (sum, [name, one]) => sum + Buffer.byteLength(name) + Buffer.byteLength(one.DataType) + value(one).length,
    0,
  );
}

function encode(name: string, one: MessageAttribute): Buffer[] {
  const kind = Buffer.of(one.BinaryValue === undefined ? 1 : 2);
  return [sized(Buffer.from(name)), sized(Buffer.from(one.DataType)), kind, sized(value(one))];
}

function value({ StringValue, BinaryValue }: MessageAttribute): Buffer {
  return BinaryValue === undefined ? Buffer.from(StringValue ?? '') : Buffer.from(BinaryValue, 'base64');
}

function sized(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
