import * as z from 'zod';
import type { SingerReport } from '../singer/report.ts';
import { readersOf } from './consumers.ts';
import { type Change, type Found, type Judgement, judged } from './drift.ts';

/** What a few records showed of one stream: the only way to see an API drift under a schema that is written in code. */
const SampledStream = z.object({
  records: z.int(),
  /** Declared paths with a value in at least one record. */
  filled: z.array(z.string()),
  /** Paths that records have and the schema lacks. */
  undeclared: z.array(z.string()),
  /** Why it could not be read to its end. */
  failed: z.string().optional(),
  /** Records against their schema: where, and how. */
  wrong: z.array(z.object({ path: z.string().optional(), text: z.string() })),
});

/** By stream. */
export const Sampled = z.record(z.string(), SampledStream);
export type Sampled = z.infer<typeof Sampled>;

const MOST_WRONG = 50;

/** A value that an SDK made true or false of something else, without a word. */
export interface Coerced {
  stream: string;
  path: string;
  /** Its type, as Python names it. */
  was: string;
}

/** What was found beside the report: an SDK logs what it drops, and changes what it writes. */
export interface Besides {
  undeclared?: Record<string, string[]>;
  coerced?: Coerced[];
  /** Streams that were asked for. */
  asked?: string[];
}

/** A run's report as far as drift goes. */
export function sampledOf(report: SingerReport, besides: Besides = {}): Sampled {
  const { undeclared = {}, asked = [] } = besides;
  const names = [...Object.keys(report.streams), ...Object.keys(undeclared), ...asked];
  return Object.fromEntries(
    [...new Set(names)].sort().map((name) => [name, streamOf(name, report, besides)]),
  );
}

function streamOf(name: string, { streams, violations }: SingerReport, besides: Besides): Stream {
  const { undeclared = {}, coerced = [] } = besides;
  const one = streams[name];
  const fields = Object.entries(one?.fields ?? {});
  const wrong = violations
    .filter(({ stream, severity, path }) => stream === name && severity === 'error' && path !== undefined)
    .map(({ path, text }) => ({ ...(path !== undefined && { path }), text }));
  const changed = coerced
    .filter(({ stream }) => stream === name)
    .map(({ path, was }) => ({ path, text: `is ${was}, and was made a boolean` }));
  return {
    records: one?.records ?? 0,
    filled: fields
      .filter(([, { filled }]) => filled > 0)
      .map(([path]) => path)
      .sort(),
    undeclared: [...new Set([...Object.keys(one?.undeclared ?? {}), ...(undeclared[name] ?? [])])].sort(),
    wrong: [...wrong, ...changed].slice(0, MOST_WRONG),
  };
}

/** The sample of a run that broke off: streams with records count, and the one that it broke at is said to have failed. */
export function brokenOff(sampled: Sampled, at?: string, why?: string): Sampled {
  return Object.fromEntries(
    Object.entries(sampled).flatMap(([name, one]) => {
      if (name === at && why !== undefined) return [[name, { ...one, failed: why }]];
      return one.records > 0 ? [[name, one]] : [];
    }),
  );
}

/** Earlier samples that a field must have been filled in, and records that must be looked at, before its absence says something. */
const BEFORE = 2;
const ENOUGH = 10;

/** What a sample shows that earlier ones, the newest last, did not. */
export function sampledChanges(earlier: Sampled[], now: Sampled, judgement: Judgement = {}): Change[] {
  const found = Object.entries(now).flatMap(([stream, one]): Found[] => {
    const past = earlier.flatMap((sample) => (Object.hasOwn(sample, stream) ? [sample[stream]] : []));
    return [
      ...failedIn(stream, one, past),
      ...volume(stream, one, past),
      ...undeclaredIn(stream, one, past),
      ...wrongIn(stream, one),
      ...absent(stream, one, past, judgement),
    ];
  });
  return judged(found, judgement);
}

type Stream = z.infer<typeof SampledStream>;
type Past = (Stream | undefined)[];

/** Where an earlier sample came through: what never did says nothing of a change. */
function failedIn(stream: string, { failed }: Stream, past: Past): Found[] {
  return failed !== undefined && past.some((one) => one && one.failed === undefined)
    ? [{ stream, rule: 'READ_FAILED', was: 'read to its end', is: failed }]
    : [];
}

function volume(stream: string, { records, failed }: Stream, past: Past): Found[] {
  const before = past.slice(-BEFORE);
  const wasFull = before.length > 0 && before.every((one) => (one?.records ?? 0) > 0);
  return records === 0 && failed === undefined && wasFull
    ? [{ stream, rule: 'VOLUME_ZERO', was: 'records in every sample', is: 'no record' }]
    : [];
}

function undeclaredIn(stream: string, { undeclared }: Stream, past: Past): Found[] {
  return undeclared.map((path) => {
    const isRepeated = past.at(-1)?.undeclared.includes(path);
    const rule = isRepeated ? 'UNDECLARED_FIELD_SEEN:repeated' : 'UNDECLARED_FIELD_SEEN';
    return { stream, path, rule, was: 'not declared', is: 'sent by the API' };
  });
}

function wrongIn(stream: string, { wrong }: Stream): Found[] {
  return wrong.map(({ path, text }) => ({
    stream,
    ...(path !== undefined && { path }),
    rule: 'RECORD_TYPE_VIOLATION',
    was: 'as its schema says',
    is: text.slice(0, 200),
  }));
}

/** Filled in each of the last samples, and now in no record of enough. */
function absent(
  stream: string,
  { records, filled }: Stream,
  past: Past,
  { consumers = [] }: Judgement,
): Found[] {
  const before = past.slice(-BEFORE);
  if (records < ENOUGH || before.length < BEFORE) return [];
  const [first, ...others] = before.map((one) => new Set(one?.filled));
  return [...(first ?? [])]
    .filter((path) => others.every((set) => set.has(path)) && !filled.includes(path))
    .map((path) => {
      const isRead = readersOf(consumers, stream, path).length > 0;
      const rule = isRead ? 'FIELD_NEVER_SEEN:used' : 'FIELD_NEVER_SEEN';
      return { stream, path, rule, was: 'filled', is: `empty in ${records} records` };
    });
}
