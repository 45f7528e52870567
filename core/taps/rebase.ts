import type { Baseline, CheckRecord, Past, Seen } from './check.ts';

/** Past catalogs that are kept besides the first. */
const KEPT = 40;

/** A catalog as it is kept once it is the state of affairs. */
export function pastOf(
  seen: Seen,
  { check, at }: { check: string; at: string },
  because: Past['because'],
): Past {
  const { sampled: _, unsampled: __, ...own } = seen;
  return { ...own, check, at, because, told: [] };
}

/** The baseline with these streams as they were seen now, and nothing open of the tickets that are done. */
export function rebased(baseline: Baseline, now: Past, streams: string[], done: Baseline['open']): Baseline {
  const [first, ...others] = baseline.past;
  const shape = new Map(Object.entries(baseline.past.at(-1)?.shape ?? {}));
  for (const name of streams) {
    const seen = Object.hasOwn(now.shape, name) ? now.shape[name] : undefined;
    if (seen) shape.set(name, seen);
    else shape.delete(name);
  }
  return {
    ...baseline,
    past: [...(first ? [first] : []), ...others.slice(-KEPT), { ...now, shape: Object.fromEntries(shape) }],
    open: baseline.open.filter((one) => !done.includes(one)),
    samples: baseline.samples.map((sample) =>
      Object.fromEntries(Object.entries(sample).filter(([name]) => !streams.includes(name))),
    ),
  };
}

/** Records show these beside their schema, whatever they showed before: no baseline makes them the state of affairs. */
const BESIDE_SCHEMA = /^(UNDECLARED_FIELD_SEEN|RECORD_TYPE_VIOLATION)/;

/** The baseline once a lead has accepted what a check saw: everything as it was then, but for what was seen once and not again. */
export function acceptedBaseline(
  baseline: Baseline,
  seen: Seen,
  { check, changes, unsure }: CheckRecord,
  at: string,
): Baseline {
  const all = [...Object.keys(baseline.past.at(-1)?.shape ?? {}), ...Object.keys(seen.shape)];
  const streams = unsure ? changes.map(({ stream }) => stream) : [...all, ...Object.keys(seen.sampled ?? {})];
  const beside = changes.filter(({ rule }) => BESIDE_SCHEMA.test(rule)).map(({ id }) => id);
  return {
    ...rebased(baseline, pastOf(seen, { check, at }, 'accepted'), streams, baseline.open),
    accepted: [...new Set([...(baseline.accepted ?? []), ...beside])],
  };
}
