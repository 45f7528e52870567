import { type Check, compile } from './compile.ts';
import { fieldCounter, type Undeclared } from './fields.ts';
import { type Keys, seedOf } from './keys.ts';
import { isObject, type Message } from './message.ts';
import type { Kind, SingerReport } from './report.ts';

export type Note = (
  kind: Kind,
  line: number,
  text: string,
  where?: { stream?: string; path?: string },
) => void;

/** What the streams of one run have in common. */
export interface Run {
  note: Note;
  keys: Keys;
  redact(text: string): string;
  /** What the catalog says of a stream, where its messages do not. */
  replicationKeys: ReadonlyMap<string, string>;
  samples: { wrong: SingerReport['samples']; right: SingerReport['samples'] };
}

export type Stream = ReturnType<typeof streamReader>;

interface At {
  line: number;
  text: string;
}

const SAMPLES = 5;
const SAMPLE_LENGTH = 1_000;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** One stream's messages, in their order. */
export function streamReader(name: string, run: Run) {
  const { note } = run;
  const undeclared = new Map<string, Undeclared>();
  const counter = fieldCounter(undeclared);
  const recordKey = keyReader(name, run);
  let [records, invalid, schemas] = [0, 0, 0];
  let keys: string[] = [];
  let replicationKey = run.replicationKeys.get(name);
  let schemaText = '';
  let check: Check | undefined;

  const sample = (row: Message, line: number, isWrong: boolean) => {
    const list = isWrong ? run.samples.wrong : run.samples.right;
    if (list.length >= SAMPLES || (!isWrong && list.some(({ stream }) => stream === name))) return;
    list.push({ stream: name, line, text: run.redact(JSON.stringify(row)).slice(0, SAMPLE_LENGTH) });
  };
  return {
    name,
    replicationKey: () => replicationKey,
    schema(message: Message, schema: Message, { line, text }: At): void {
      schemas++;
      if (schemaText === text) return;
      schemaText = text;
      keys = strings(message.key_properties);
      replicationKey = strings(message.bookmark_properties)[0] ?? replicationKey;
      const where = { stream: name };
      if (!Array.isArray(message.key_properties))
        note('malformed-message', line, 'a SCHEMA needs key_properties, which may be empty', where);
      const declared = isObject(schema.properties) ? schema.properties : {};
      for (const path of keys.filter((key) => !Object.hasOwn(declared, key)))
        note('key-not-in-schema', line, `key ${path} is not among its properties`, { ...where, path });
      check = undefined;
      try {
        check = compile(schema);
        counter.declare(schema);
      } catch (error) {
        note('schema-invalid', line, (error as Error).message, where);
      }
    },
    record(message: Message, row: Message, at: At): void {
      const { line } = at;
      records++;
      if (schemas === 0) note('record-before-schema', line, 'no SCHEMA came before it', { stream: name });
      if (!isTime(message.time_extracted))
        note('time-extracted', line, 'time_extracted is no RFC 3339 time', { stream: name });
      const found = check?.(row) ?? [];
      for (const { kind, path, text } of found) note(kind, line, text, { stream: name, path });
      const isWrong = found.some(({ kind }) => kind !== 'no-time-zone');
      if (isWrong) invalid++;
      counter.count(row, line);
      if (keys.length > 0) recordKey(keys, { version: message.version, row, ...at });
      sample(row, line, isWrong);
    },
    report: (): SingerReport['streams'][string] => ({
      ...{ records, invalid, schemas, keyProperties: keys },
      fields: counter.fields(),
      undeclared: Object.fromEntries(undeclared),
    }),
  };
}

interface Keyed extends At {
  version: unknown;
  row: Message;
}

/** Notes a key that is missing, or was there before in the same version of the stream. */
function keyReader(stream: string, { note, keys }: Run) {
  const seed = seedOf(stream);
  return (names: string[], { version, row, line, text }: Keyed) => {
    const path = names.find((name) => row[name] === undefined || row[name] === null);
    if (path !== undefined)
      return note('key-missing', line, `key ${path} is missing or null`, { stream, path });
    const key = keyText(names, row, text);
    const isRepeated = keys.has(seed, version === undefined ? key : `${version} ${key}`);
    if (isRepeated) note('key-repeated', line, `key ${key} came before`, { stream });
  };
}

/** The values of a key. Numbers that JavaScript would round are read again as they are written. */
function keyText(names: string[], row: Message, line: string): string {
  const values = names.map((name) => row[name]);
  const isRounded = values.some((value) => typeof value === 'number' && !Number.isSafeInteger(value));
  if (!isRounded) return JSON.stringify(values.length === 1 ? values[0] : values);
  const exact = JSON.parse(line, (_name, value, { source }: { source?: string } = {}) =>
    typeof value === 'number' ? source : value,
  );
  return JSON.stringify(names.map((name) => exact.record[name]));
}

function isTime(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && RFC3339.test(value));
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
