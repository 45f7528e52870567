import { errorFingerprint, fingerprint, normalise } from './fingerprint.ts';

/** One tool call with its result, or (without `tool`) a turn that ended in words. Plain data: a journal can keep it. */
export interface Step {
  tool?: string;
  input?: unknown;
  result?: string;
  isError?: boolean;
  timedOut?: boolean;
  /** An unknown tool, or arguments that do not fit. */
  malformed?: boolean;
  /** Waits for something on purpose: the same answer again is what it expects. */
  polls?: boolean;
  /** Hash of the work tree after the step, where it is known. */
  tree?: string;
  /** What the platform's own verification said, when the step was one: a model's claim or own test run never counts. */
  tests?: { passing: number; failing: string[] };
}

export type Signal =
  | 'same-call'
  | 'same-error'
  | 'alternation'
  | 'no-diff'
  | 'revert-loop'
  | 'format-error'
  | 'timeouts'
  | 'monologue';

/** `nudge` goes to the model, `stop` to a person. At the second strike the conversation is compacted and planned anew. */
export interface Verdict {
  strike: 0 | 1 | 2 | 3;
  signal?: Signal;
  nudge?: string;
  replan?: true;
  stop?: string;
}

/** Further back, a repeat is a coincidence. */
const WINDOW = 20;
const REPEATS = 3;
const CYCLES = 3;
/** Steps that change and show nothing new; one that shows something new counts a third. */
const IDLE = 12;
const NEWS_WEIGHT = 1 / 3;
/** Lines that are remembered as seen. */
const MEMORY = 50_000;

interface Seen extends Step {
  number: number;
  call: string;
  /** What this step has in common with others of its kind, for the signals that count repeats. */
  marks: Partial<Record<Signal, string>>;
  /** It showed little that was new, and changed nothing for the first time. */
  stale: boolean;
}

interface State {
  number: number;
  strikes: number;
  window: Seen[];
  idle: number;
  lines: Set<string>;
  tree: string;
  /** Every tree there was, with the tests that failed there. */
  places: Set<string>;
  failing: string;
  best: { passing: number; failing: number };
}

type Found = { signal: Signal; evidence: string };

/**
 * Notices an agent that goes round in circles: a first strike tells it so, a second makes it plan anew, a third ends the
 * run. Only verified progress takes a strike back. Deterministic: the same steps give the same verdicts, so that a
 * resumed run observes its journal again.
 */
export function breaker(): (step: Step) => Verdict {
  const state: State = {
    ...{ number: 0, strikes: 0, window: [], idle: 0, lines: new Set(), tree: '', places: new Set() },
    ...{ failing: '', best: { passing: 0, failing: Number.POSITIVE_INFINITY } },
  };
  return (step) => {
    const seen = remember(state, step);
    if (hasProgressed(state, step)) {
      state.strikes = Math.max(0, state.strikes - 1);
      state.window = [];
    }
    if (step.polls) return { strike: 0 };
    const found = repeats(state, seen) ?? alternates(state) ?? idles(state);
    return found ? strike(state, found) : { strike: 0 };
  };
}

function remember(state: State, step: Step): Seen {
  const { result = '', tree = state.tree, tests } = step;
  const failing = tests ? tests.failing.toSorted().join() : state.failing;
  const place = `${tree}\0${failing}`;
  const hasMoved = tree !== state.tree;
  const isReturn = hasMoved && state.places.has(place);
  const isJudged = failing !== state.failing;
  const call = fingerprint(step.tool ?? '', JSON.stringify(step.input) ?? '');
  const isNews = hasNews(state, call, result);
  const seen = {
    ...step,
    number: ++state.number,
    call,
    marks: marks(step, { call, tree, place: isReturn ? place : undefined }),
    stale: !isNews && !isJudged && (!hasMoved || isReturn),
  };
  state.idle = hasMoved || isJudged ? 0 : state.idle + idleness(step, isNews);
  state.places.add(place);
  Object.assign(state, { tree, failing, window: [...state.window, seen].slice(-WINDOW) });
  return seen;
}

function idleness({ polls }: Step, isNews: boolean): number {
  if (polls) return 0;
  return isNews ? NEWS_WEIGHT : 1;
}

function marks(
  { tool, polls, malformed, timedOut, isError, result = '' }: Step,
  { call, tree, place }: { call: string; tree: string; place?: string },
): Seen['marks'] {
  if (!tool) return { monologue: 'words' };
  if (polls) return {};
  return {
    'format-error': malformed ? 'malformed' : undefined,
    timeouts: timedOut ? 'timeout' : undefined,
    'same-call': `${call} ${tree} ${fingerprint(result)}`,
    'same-error': isError ? errorFingerprint(result) : undefined,
    'revert-loop': place,
  };
}

/** Whether at least half of the lines were never seen before; that something new to ask has no answer is news as well. */
function hasNews({ lines }: State, call: string, result: string): boolean {
  const said = [...new Set(result.split('\n').map((line) => normalise(line.slice(0, 300))))].filter(Boolean);
  const asked = said.length > 1 ? [] : [call];
  const fresh = [...said, ...asked].filter((line) => !lines.has(line));
  for (const line of fresh) lines.add(line);
  for (const oldest of lines) {
    if (lines.size <= MEMORY) break;
    lines.delete(oldest);
  }
  return fresh.length > 0 && fresh.length * 2 >= said.length;
}

/** More tests pass than ever before, and no more fail. */
function hasProgressed(state: State, { tests }: Step): boolean {
  if (!tests) return false;
  const now = { passing: tests.passing, failing: tests.failing.length };
  if (now.passing <= state.best.passing || now.failing > state.best.failing) return false;
  state.best = now;
  return true;
}

const SAYS: Partial<Record<Signal, (seen: Seen) => string>> = {
  'format-error': ({ result }) => `a call that no tool understands: ${quoted(result)}`,
  timeouts: (seen) => `a call that ran out of time, at last ${named(seen)}`,
  monologue: () => 'a turn that ended without a tool call and without finish',
  'same-call': (seen) => `${named(seen)} with the same result: ${quoted(seen.result)}`,
  'same-error': ({ result }) => `the same error: ${quoted(result)}`,
  'revert-loop': () => 'the work tree back in a state that it was in before, with the same tests failing',
};

function repeats({ window }: State, seen: Seen): Found | undefined {
  for (const [signal, says] of Object.entries(SAYS) as [Signal, (seen: Seen) => string][]) {
    const mark = seen.marks[signal];
    const times = mark === undefined ? [] : window.filter((one) => one.marks[signal] === mark);
    if (times.length < REPEATS) continue;
    const steps = times.map(({ number }) => number).join(', ');
    return { signal, evidence: `${times.length} times (steps ${steps}) ${says(seen)}` };
  }
  return undefined;
}

function alternates({ window }: State): Found | undefined {
  const last = window.slice(-2 * CYCLES);
  const [a, b] = last;
  if (!a || !b || last.length < 2 * CYCLES || a.call === b.call) return undefined;
  const isCycle = last.every((one, index) => one.call === (index % 2 ? b : a).call);
  if (!isCycle || last.slice(2).some(({ stale, polls }) => polls || !stale)) return undefined;
  return { signal: 'alternation', evidence: `${CYCLES} times in turn ${named(a)} and ${named(b)}` };
}

function idles(state: State): Found | undefined {
  if (state.idle < IDLE - 1e-9) return undefined;
  state.idle = 0;
  return {
    signal: 'no-diff',
    evidence:
      'for many steps no file and no verification result has changed, and little that is new was seen',
  };
}

/** After the second strike nothing of the old conversation counts: the new plan may look at the same things again. */
function strike(state: State, { signal, evidence }: Found): Verdict {
  state.strikes++;
  if (state.strikes >= 3) return { strike: 3, signal, stop: `It went round in circles: ${evidence}` };
  if (state.strikes === 1) {
    const nudge = `You are going round in circles: ${evidence}. Do not do that again: it will give nothing else. Say to yourself what it shows, then take another way, or finish with what you know.`;
    return { strike: 1, signal, nudge };
  }
  state.window = [];
  const nudge = `Still in circles: ${evidence}. Stop here and plan anew: what is known, what was tried and failed, which other cause is possible. Then take a step that was not tried yet. The next time this happens, the run ends.`;
  return { strike: 2, signal, nudge, replan: true };
}

function named({ tool, input }: Seen): string {
  return `\`${tool} ${excerpt(JSON.stringify(input))}\``;
}

/** What comes from outside, so that it cannot pass for our own words. */
function quoted(text?: string): string {
  return JSON.stringify(excerpt(text));
}

function excerpt(text = ''): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  return plain.length > 160 ? `${plain.slice(0, 160)}…` : plain;
}
