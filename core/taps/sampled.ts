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
  /** Records against their schema: where, and how. */
  wrong: z.array(z.object({ path: z.string().optional(), text: z.string() })),
});

/** By stream. */
export const Sampled = z.record(z.string(), SampledStream);
export type Sampled = z.infer<typeof Sampled>;

/** Kinds of violations that say that a value is not of its declared type. */
const MOST_WRONG = 50;

/** A run's report as far as drift goes; `undeclared` is what was found besides, by stream: an SDK logs what it drops. */
export function sampledOf(
  { streams, violations }: SingerReport,
  undeclared: Record<string, string[]> = {},
): Sampled {
  const names = [...new Set([...Object.keys(streams), ...Object.keys(undeclared)])].sort();
  return Object.fromEntries(
    names.map((name) => {
      const one = streams[name];
      const fields = Object.entries(one?.fields ?? {});
      const wrong = violations
        .filter(({ stream, severity, path }) => stream === name && severity === 'error' && path !== undefined)
        .slice(0, MOST_WRONG);
      return [
        name,
        {
          records: one?.records ?? 0,
          filled: fields
            .filter(([, { filled }]) => filled > 0)
            .map(([path]) => path)
            .sort(),
          undeclared: [
            ...new Set([...Object.keys(one?.undeclared ?? {}), ...(undeclared[name] ?? [])]),
          ].sort(),
          wrong: wrong.map(({ path, text }) => ({ ...(path !== undefined && { path }), text })),
        },
      ];
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

function volume(stream: string, { records }: Stream, past: Past): Found[] {
  const before = past.slice(-BEFORE);
  const wasFull = before.length > 0 && before.every((one) => (one?.records ?? 0) > 0);
  return records === 0 && wasFull
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
