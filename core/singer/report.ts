import * as z from 'zod';

/** Everything that can be wrong with what a tap writes, and whether it makes the run wrong or is to be known. */
export const KINDS = {
  noise: 'error',
  'not-a-message': 'error',
  'malformed-message': 'error',
  nan: 'error',
  'not-utf-8': 'error',
  'line-too-long': 'error',
  'schema-invalid': 'error',
  'key-not-in-schema': 'error',
  'record-before-schema': 'error',
  'wrong-type': 'error',
  'wrong-format': 'error',
  'missing-property': 'error',
  'undeclared-property': 'error',
  constraint: 'error',
  'key-missing': 'error',
  'key-repeated': 'error',
  'bookmark-backwards': 'error',
  'too-many-streams': 'error',
  'no-time-zone': 'warning',
  'undeclared-field': 'warning',
  'key-repeated-below-parents': 'warning',
  'lower-case-type': 'warning',
  'unknown-type': 'warning',
  batch: 'warning',
  'time-extracted': 'warning',
  'state-unfinished': 'warning',
  'no-final-state': 'warning',
} as const;
export type Kind = keyof typeof KINDS;

const Violation = z.object({
  kind: z.enum(Object.keys(KINDS) as [Kind, ...Kind[]]),
  severity: z.enum(['error', 'warning']),
  stream: z.string().optional(),
  path: z.string().optional(),
  count: z.int(),
  firstLine: z.int(),
  text: z.string(),
});
export type Violation = z.infer<typeof Violation>;

const StreamReport = z.object({
  records: z.int(),
  /** Records with at least one error against their schema. */
  invalid: z.int(),
  schemas: z.int(),
  keyProperties: z.array(z.string()),
  /** By path, `a.b[].c`: in how many records (or elements) it was there, and in how many of those not null. */
  fields: z.record(z.string(), z.object({ present: z.int(), filled: z.int() })),
  /** Fields that records have and their schema does not, at most 200. */
  undeclared: z.record(z.string(), z.object({ count: z.int(), firstLine: z.int() })),
});
export type StreamReport = z.infer<typeof StreamReport>;

/** What one run of a tap wrote, every line of it. */
export const SingerReport = z.object({
  lines: z.int(),
  messages: z.record(z.string(), z.int()),
  streams: z.record(z.string(), StreamReport),
  /** Worst first; at most 300. */
  violations: z.array(Violation),
  /** Kinds of violations beyond those listed. */
  unlisted: z.int(),
  /** 1: every repeated key was found. n: one key in n was remembered. */
  keySampling: z.int(),
  /** Records as they came, secrets taken out: wrong ones first, at most 5. */
  samples: z.array(z.object({ stream: z.string(), line: z.int(), text: z.string() })),
  finalState: z.unknown().optional(),
  endsWithState: z.boolean(),
});
export type SingerReport = z.infer<typeof SingerReport>;

const MOST_LISTED = 300;

/** Counts violations by kind, stream and path, and keeps the first of each. */
export function violations() {
  const found = new Map<string, Violation>();
  let unlisted = 0;
  return {
    add(
      kind: Kind,
      { text, line, stream, path }: { text: string; line: number; stream?: string; path?: string },
    ) {
      const key = `${kind}\n${stream ?? ''}\n${path ?? ''}`;
      const known = found.get(key);
      if (known) known.count++;
      else if (found.size >= MOST_LISTED) unlisted++;
      else {
        const where = { ...(stream !== undefined && { stream }), ...(path && { path }) };
        found.set(key, {
          kind,
          severity: KINDS[kind],
          ...where,
          count: 1,
          firstLine: line,
          text: text.slice(0, 300),
        });
      }
    },
    /** Calls one kind another name for a stream, now that more is known of it. */
    rename(from: Kind, to: Kind, stream: string) {
      for (const one of found.values())
        if (one.kind === from && one.stream === stream) Object.assign(one, { kind: to, severity: KINDS[to] });
    },
    list: () => ({
      violations: [...found.values()].sort(
        (a, b) =>
          Number(b.severity === 'error') - Number(a.severity === 'error') || a.firstLine - b.firstLine,
      ),
      unlisted,
    }),
  };
}

export function isError({ severity }: Violation): boolean {
  return severity === 'error';
}
