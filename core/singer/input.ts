import { isObject, type Message, parsed } from './message.ts';

/** What a target is given, by stream: how many different records. */
export interface Given {
  streams: Record<string, number>;
  hasState: boolean;
  /** Its first SCHEMA and RECORD lines. */
  schema: string | undefined;
  record: string | undefined;
}

/** Reads Singer messages as a target has to: a later record of the same key is the same record. */
export function givenIn(text: string): Given {
  const streams = new Map<string, { keys: string[]; seen: Set<string> }>();
  const streamOf = (name: string) => {
    const stream = streams.get(name) ?? { keys: [], seen: new Set() };
    streams.set(name, stream);
    return stream;
  };
  const count = (name: string, record: Message) => {
    const { keys, seen } = streamOf(name);
    seen.add(keys.length > 0 ? JSON.stringify(keys.map((key) => record[key])) : String(seen.size));
  };
  const messages = text.split('\n').flatMap((line) => {
    const { value } = parsed(line);
    return isObject(value) ? [{ line, ...value }] : [];
  }) as (Message & { line: string })[];
  for (const { type, stream, key_properties: keys, record } of messages) {
    if (type === 'SCHEMA') streamOf(String(stream)).keys = Array.isArray(keys) ? keys.map(String) : [];
    if (type === 'RECORD' && isObject(record)) count(String(stream), record);
  }
  const first = (wanted: string) => messages.find(({ type }) => type === wanted)?.line;
  return {
    streams: Object.fromEntries([...streams].map(([name, { seen }]) => [name, seen.size])),
    hasState: first('STATE') !== undefined,
    schema: first('SCHEMA'),
    record: first('RECORD'),
  };
}

/** The line with a value of another type in each field that has one type: no schema allows that. */
export function mistyped(recordLine: string): string {
  const message = JSON.parse(recordLine) as { record: Record<string, unknown> };
  const record = Object.fromEntries(
    Object.keys(message.record).map((name) => [name, { 'signalbox-wrong-type': [true] }]),
  );
  return JSON.stringify({ ...message, record });
}
