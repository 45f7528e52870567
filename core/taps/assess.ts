import type { Baseline, CheckedChange, CheckRecord, Past, Seen } from './check.ts';
import { inBoth } from './dialect.ts';
import type { Discovery } from './discovery.ts';
import { type Change, changesBetween, idOf, type Judgement, rank } from './drift.ts';
import { pastOf, rebased } from './rebase.ts';
import { sampledChanges } from './sampled.ts';

export interface Look {
  seen: Seen;
  discovery: Discovery;
  judgement: Judgement;
  check: string;
  at: string;
  /** Ids of what the first look saw, when this is the second. */
  first?: string[];
  /** Of the tickets of this tap's open changes: those whose pull requests were merged, */
  merged: string[];
  /** those that ended without that, */
  closed: string[];
  /** and those that are still worked on. */
  alive: string[];
}

export interface Assessed {
  state: CheckRecord['state'];
  /** Every change there is now. */
  changes: CheckedChange[];
  /** Those that have no ticket yet. */
  fresh: CheckedChange[];
  /** Tickets that were closed without a merge although their changes are still there, the first time that this is seen. */
  closed: string[];
  /** What a first look saw and the second did not, or the other way round. */
  unsure: string[];
  /** From now on, apart from the ticket for what is fresh. */
  baseline: Baseline;
}

/** Samples that are kept. */
const SAMPLES = 8;

/** What a catalog means beside everything that was seen before. Changes nothing. */
export function assess(baseline: Baseline | undefined, look: Look): Assessed {
  const { seen } = look;
  if (!baseline) {
    const past = [pastOf(seen, look, 'first')];
    return {
      state: 'first',
      changes: [],
      fresh: [],
      closed: [],
      unsure: [],
      baseline: { check: look.check, past, open: [], samples: samplesOf([], seen) },
    };
  }
  const known = settled(baseline, look);
  const changes = allChanges(known, look, baseline.past.at(-1) as Past);
  const told = new Set(known.open.flatMap(({ ids }) => ids));
  const isFresh = ({ id, isNoise }: CheckedChange) => !isNoise && !told.has(id);
  const { sure, unsure } = confirmed(changes, isFresh, look);
  const fresh = sure.filter(isFresh);
  const mustConfirm = !look.first && fresh.some((one) => wantsConfirmation(one, look.discovery));
  const state = mustConfirm ? 'unconfirmed' : stateOf(sure, known !== baseline);
  if (mustConfirm) return { state, changes: sure, fresh: [], closed: [], unsure, baseline };
  const next = noted(known, look, sure);
  const closed = next.open.filter(({ ticketId, isClosed }) => !isClosed && look.closed.includes(ticketId));
  return {
    ...{ state, changes: sure, fresh, unsure },
    closed: closed.map(({ ticketId }) => ticketId),
    baseline: {
      ...next,
      open: next.open.map((one) => (closed.includes(one) ? { ...one, isClosed: true } : one)),
    },
  };
}

function stateOf(changes: CheckedChange[], isRebaselined: boolean): CheckRecord['state'] {
  if (changes.some(({ isNoise }) => !isNoise)) return 'drift';
  return isRebaselined ? 'rebaselined' : 'same';
}

/** The baseline after what people merged: the streams that a merged ticket was about are as they are now. */
function settled(baseline: Baseline, look: Look): Baseline {
  const done = baseline.open.filter(({ ticketId }) => look.merged.includes(ticketId));
  if (done.length === 0) return baseline;
  const streams = done.flatMap((one) => one.streams);
  return rebased(baseline, pastOf(look.seen, look, 'merged'), streams, done);
}

function samplesOf(samples: Baseline['samples'], { sampled }: Seen): Baseline['samples'] {
  return sampled ? [...samples, sampled].slice(-SAMPLES) : samples;
}

/** `last` is what was the newest before anything was merged: whose doing a change is shows beside that. */
function allChanges({ past, samples, accepted = [] }: Baseline, look: Look, last: Past): CheckedChange[] {
  const { seen, judgement } = look;
  const [was, is] = inBoth(past.at(-1) as Past, seen);
  const now = changesBetween(was, is, judgement).map((one) => checked(one, causeOf(last, seen)));
  const sampled = seen.sampled ? sampledChanges(samples, seen.sampled, judgement) : [];
  const blame = causeOfSampled(last, seen, now);
  const beside = sampled.map((one) => checked(one, blame(one))).filter(({ id }) => !accepted.includes(id));
  const changes = [...now, ...slow(past, look, now), ...beside];
  const all = look.discovery === 'inferred' ? changes.map(withNoise) : changes;
  return all.sort((a, b) => rank(a.severity) - rank(b.severity));
}

function checked(change: Change, cause: CheckedChange['cause']): CheckedChange {
  const { kind: _, ...own } = change;
  return { id: idOf(change), ...own, cause };
}

/** Whose doing a difference is: only what our own side had no part in is the API's. */
function causeOf(before: Seen, after: Seen): CheckedChange['cause'] {
  if (before.commit !== after.commit) return 'code';
  const isOther = (what: keyof Seen['made']) => before.made[what] !== after.made[what];
  if (isOther('sdk') || isOther('python')) return 'dependency';
  return isOther('config') ? 'configuration' : 'api';
}

/** Records are the API's, unless the schema that they are held to is another than before, or other ones were asked for. */
function causeOfSampled(before: Seen, after: Seen, now: CheckedChange[]) {
  const ours = causeOf(before, after);
  const isAskedAnew = ours === 'configuration' && before.made.config !== undefined;
  const streams = new Set(now.map(({ stream }) => stream));
  return ({ stream }: Change) => (streams.has(stream) || isAskedAnew ? ours : 'api');
}

/** Places that small steps, each harmless, have led away from an earlier baseline so far that it breaks its readers. */
function slow(past: Past[], { seen, judgement }: Look, now: CheckedChange[]): CheckedChange[] {
  const known = new Set(now.filter(({ severity }) => severity === 'breaking').map(placeOf));
  const found: CheckedChange[] = [];
  for (const [index, earlier] of past.slice(0, -1).entries()) {
    const told = new Set(past.slice(index).flatMap((one) => one.told));
    const [was, is] = inBoth(earlier, seen);
    for (const change of changesBetween(was, is, judgement)) {
      const one = { ...checked(change, 'api'), cause: causeOf(earlier, seen), since: earlier.commit };
      if (one.severity !== 'breaking' || known.has(placeOf(one)) || told.has(placeOf(one))) continue;
      known.add(placeOf(one));
      found.push(one);
    }
  }
  return found;
}

const placeOf = ({ stream, path }: CheckedChange) => JSON.stringify([stream, path ?? null]);

/** Types made of sample rows turn with the rows: null in all of them, or text for want of anything better. */
function withNoise(change: CheckedChange): CheckedChange {
  const { rule, was, is } = change;
  const isNull = /^NULLABLE_/.test(rule) || [was, is].includes('null');
  const isFallback = /^TYPE_/.test(rule) && [was, is].includes('string');
  return isNull || isFallback ? { ...change, isNoise: true, severity: 'information' } : change;
}

/** What disappears, and whatever a schema made of sample rows shows, may be a passing fault. */
function wantsConfirmation({ rule }: CheckedChange, discovery: Discovery): boolean {
  return (
    discovery === 'inferred' ||
    /^(?:STREAM|PROPERTY)_(?:REMOVED|RENAMED)|VOLUME_ZERO|NEVER_SEEN|READ_FAILED/.test(rule)
  );
}

function confirmed(
  changes: CheckedChange[],
  isFresh: (one: CheckedChange) => boolean,
  { first, discovery }: Look,
): { sure: CheckedChange[]; unsure: string[] } {
  if (!first) return { sure: changes, unsure: [] };
  const isSure = (one: CheckedChange) =>
    !isFresh(one) || !wantsConfirmation(one, discovery) || first.includes(one.id);
  const ids = changes.map(({ id }) => id);
  return {
    sure: changes.filter(isSure),
    unsure: [
      ...changes.filter((one) => !isSure(one)).map(({ id }) => id),
      ...first.filter((id) => !ids.includes(id)),
    ],
  };
}

/** The baseline with this look noted: under which circumstances an equal catalog was seen last, and which changes are still there. */
function noted(baseline: Baseline, { seen, check, alive }: Look, changes: CheckedChange[]): Baseline {
  const ids = new Set(changes.map(({ id }) => id));
  const newest = baseline.past.at(-1) as Past;
  const isSame = changes.length === 0;
  const past = isSame
    ? [...baseline.past.slice(0, -1), { ...newest, commit: seen.commit, made: seen.made }]
    : baseline.past;
  // Merging what is worked on rebaselines, even where the change has gone or become another meanwhile.
  const open = baseline.open.filter(
    (one) => alive.includes(one.ticketId) || one.ids.some((id) => ids.has(id)),
  );
  // A sample that lacks what earlier ones had would make its lack the state of affairs.
  const isLess = changes.some(({ rule }) => /^(VOLUME_ZERO|FIELD_NEVER_SEEN|READ_FAILED)/.test(rule));
  const samples = isLess ? baseline.samples : samplesOf(baseline.samples, seen);
  return { ...baseline, check, past, open, samples };
}

/** The baseline once what is fresh has its ticket: one of its own, or the one that is worked on. */
export function withTicket(baseline: Baseline, ticketId: string, fresh: CheckedChange[]): Baseline {
  const { past, open } = baseline;
  const newest = past.at(-1) as Past;
  const told = fresh.filter(({ severity }) => severity === 'breaking').map(placeOf);
  const of = open.find((one) => one.ticketId === ticketId) ?? { ticketId, ids: [], streams: [] };
  const now = {
    ...of,
    ids: [...of.ids, ...fresh.map(({ id }) => id)],
    streams: [...new Set([...of.streams, ...fresh.map(({ stream }) => stream)])],
  };
  return {
    ...baseline,
    past: [...past.slice(0, -1), { ...newest, told: [...new Set([...newest.told, ...told])] }],
    open: [...open.filter((one) => one !== of), now],
  };
}
