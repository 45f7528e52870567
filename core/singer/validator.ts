import { type Bookmark, bookmarksIn, compared, partitioned, unfinished } from './bookmarks.ts';
import { keySet } from './keys.ts';
import type { Line } from './lines.ts';
import { isObject, type Message, parsed } from './message.ts';
import { type SingerReport, violations } from './report.ts';
import { type Note, type Run, type Stream, streamReader } from './stream.ts';

export interface ValidatorOptions {
  /** What the catalog says of a stream, where its messages do not. */
  replicationKeys?: ReadonlyMap<string, string>;
  /** The run was stopped before its end, or told to stop early: then there is no last STATE, and the last line may be half a line. */
  isLimited?: boolean;
  /** Takes secrets out of whatever is kept. */
  redact?: (text: string) => string;
  /** Places for keys; only a test needs fewer. */
  keySlots?: number;
}

const SAMPLES = 5;

/**
 * Reads what a tap writes, line by line, in memory that does not grow with it: every message, their order, every record
 * against its latest schema, keys and bookmarks.
 */
export function singerValidator(options: ValidatorOptions = {}) {
  const { replicationKeys = new Map(), isLimited = false, redact = (text) => text } = options;
  const wrong = violations();
  const note: Note = (kind, line, text, where) => wrong.add(kind, { ...where, line, text: redact(text) });
  const samples: Run['samples'] = { wrong: [], right: [] };
  const keys = keySet(options.keySlots);
  const streams = streamsOf({ note, redact, replicationKeys, samples, keys });
  const states = stateReader(
    note,
    (name) => streams.known(name)?.replicationKey() ?? replicationKeys.get(name),
  );
  const messages: Record<string, number> = {};
  let lines = 0;
  let last = '';
  /** What did not parse is told when another line follows: the end of a stopped run is no fault. */
  let broken: (() => void) | undefined;

  const take = (message: Message, at: { line: number; text: string }) => {
    const said = String(message.type);
    const type = said.toUpperCase();
    const { line } = at;
    if (type !== said) note('lower-case-type', line, `${said.slice(0, 50)}: readers know upper case alone`);
    last = KNOWN.has(type) ? type : 'message of another type';
    messages[last] = (messages[last] ?? 0) + 1;
    if (type === 'RECORD' || type === 'SCHEMA') streams.take(type, message, at);
    else if (type === 'STATE') states.take(message, line);
    else other(note, { type, message, line });
  };
  const read = (text: string, line: number) => {
    const { value, hasNaN } = parsed(text);
    const where = isObject(value) && typeof value.stream === 'string' ? { stream: value.stream } : {};
    if (hasNaN) note('nan', line, `NaN or Infinity, which is no JSON: ${text.slice(0, 200)}`, where);
    if (isObject(value) && typeof value.type === 'string') return take(value, { line, text });
    if (value !== undefined)
      return note('not-a-message', line, `JSON, but no message: ${text.slice(0, 200)}`);
    if (text.trim() !== '') broken = () => note('noise', line, `no JSON: ${text.slice(0, 200)}`);
  };
  const atEnd = () => {
    broken?.();
    if (last !== '' && last !== 'STATE') note('no-final-state', lines, `the last message is a ${last}`);
    states.end(lines);
  };
  return {
    line({ text, number, isDamaged, isCut }: Line): void {
      lines = number;
      broken?.();
      broken = undefined;
      if (isDamaged) note('not-utf-8', number, 'bytes that are no UTF-8');
      if (isCut) note('line-too-long', number, `it begins with ${text.slice(0, 100)}`);
      else read(text, number);
    },
    end(): SingerReport {
      if (!isLimited) atEnd();
      for (const stream of states.parents) wrong.rename('key-repeated', 'key-repeated-below-parents', stream);
      const reports = streams.reports();
      for (const [stream, { undeclared }] of Object.entries(reports))
        for (const [path, { count, firstLine }] of Object.entries(undeclared))
          note('undeclared-field', firstLine, `in ${count} records, not in the schema`, { stream, path });
      const finalState = states.last();
      return {
        ...{ lines, messages, streams: reports, ...wrong.list(), keySampling: keys.sampling() },
        samples: [...samples.wrong, ...samples.right].slice(0, SAMPLES),
        ...(finalState !== undefined && { finalState }),
        endsWithState: last === 'STATE',
      };
    },
  };
}

const KNOWN = new Set(['SCHEMA', 'RECORD', 'STATE', 'ACTIVATE_VERSION', 'BATCH']);
const MOST_STREAMS = 5_000;

function streamsOf(run: Run) {
  const streams = new Map<string, Stream>();
  const find = (name: string, line: number): Stream | undefined => {
    const known = streams.get(name);
    if (known) return known;
    if (streams.size >= MOST_STREAMS)
      return void run.note('too-many-streams', line, `more than ${MOST_STREAMS}`);
    const made = streamReader(name, run);
    streams.set(name, made);
    return made;
  };
  return {
    known: (name: string) => streams.get(name),
    take(type: 'RECORD' | 'SCHEMA', message: Message, at: { line: number; text: string }) {
      const name = message.stream;
      const part = type === 'RECORD' ? message.record : message.schema;
      if (typeof name !== 'string' || !isObject(part))
        return run.note('malformed-message', at.line, `a ${type} needs a stream and a ${type.toLowerCase()}`);
      const stream = find(name, at.line);
      if (type === 'RECORD') stream?.record(message, part, at);
      else stream?.schema(message, part, at);
    },
    reports: () => Object.fromEntries([...streams].map(([name, { report }]) => [name, report()])),
  };
}

const MOST_PLACES = 20_000;

function stateReader(note: Note, keyOf: (stream: string) => string | undefined) {
  const places = new Map<string, string | number>();
  /** Streams that have partitions. */
  const parents = new Set<string>();
  let last: unknown;
  const move = ({ stream, place, value }: Bookmark, line: number) => {
    const before = places.get(place);
    const isBehind = before !== undefined && (compared(value, before) ?? 0) < 0;
    if (isBehind) note('bookmark-backwards', line, `from ${before} to ${value}`, { stream });
    if (before !== undefined || places.size < MOST_PLACES) places.set(place, value);
  };
  return {
    parents,
    last: () => last,
    take(message: Message, line: number) {
      if (!('value' in message)) return note('malformed-message', line, 'a STATE needs a value');
      last = message.value;
      for (const name of partitioned(last)) parents.add(name);
      for (const bookmark of bookmarksIn(last, keyOf)) move(bookmark, line);
    },
    end(line: number): void {
      for (const stream of unfinished(last))
        note('state-unfinished', line, 'its last bookmark still has progress markers', { stream });
    },
  };
}

function other(note: Note, { type, message, line }: { type: string; message: Message; line: number }) {
  const { stream: name, version } = message;
  const where = typeof name === 'string' ? { stream: name } : {};
  if (type === 'BATCH') return note('batch', line, 'many targets do not know BATCH', where);
  if (type !== 'ACTIVATE_VERSION')
    return note('unknown-type', line, `${type.slice(0, 50)} is no type of message`, where);
  if (where.stream === undefined || !Number.isInteger(version))
    note('malformed-message', line, 'an ACTIVATE_VERSION needs a stream and a version', where);
}
