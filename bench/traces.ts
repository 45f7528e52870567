import type { Step } from '#core/agents/breaker.ts';

/** A scripted run. `loopsFrom` is the first step that adds nothing, counted from 1; a healthy run has none. */
export interface Trace {
  name: string;
  loopsFrom?: number;
  steps: Step[];
}

const LONG = 40;
const repeat = (count: number, step: (n: number) => Step): Step[] =>
  Array.from({ length: count }, (_, n) => step(n));
const clock = (n: number) =>
  `2026-11-20T10:${String(Math.floor(n / 2)).padStart(2, '0')}:${n % 2 ? '30' : '05'}Z`;

const read = (path: string, tree = 't0'): Step => ({
  ...{ tool: 'read', input: { path }, tree },
  result: Array.from({ length: 30 }, (_, line) => `${line}\tdef ${path}_${line}(): return ${line}`).join(
    '\n',
  ),
});
const bash = (command: string, result: string, more: Partial<Step> = {}): Step => ({
  ...{ tool: 'bash', input: { command }, result, tree: 't0', isError: result.startsWith('exit 1') },
  ...more,
});
const edit = (path: string, tree: string, more: object = {}): Step => ({
  ...{ tool: 'edit', input: { path, old: 'a', new: tree, ...more }, result: `Changed ${path}`, tree },
});
const traceback = (name: string, seconds: number) =>
  `exit 1\nTraceback (most recent call last):\n  File "/tmp/w-${seconds}/repository/tap/client.py", line 40, in sync\n${name}\nRan 12 tests in 0.${seconds}s`;

const opening: Step[] = [read('client'), read('streams'), bash('ls', 'client.py\nstreams.py')];

function loop(name: string, steps: Step[]): Trace {
  return { name, loopsFrom: opening.length + 1, steps: [...opening, ...steps] };
}

const wander = ['read', 'search', 'git', 'bash', 'ls'];

export const LOOPS: Trace[] = [
  loop(
    'the same test run, only the clock differs',
    repeat(LONG, (n) => bash('pytest', `${clock(n)} failed in 0.${n + 10}s, port :${40_000 + n}`)),
  ),
  loop(
    'other commands, the same error',
    repeat(LONG, (n) =>
      bash(`pip install --retries ${n} singer`, traceback('ImportError: No module named singer', n + 10)),
    ),
  ),
  loop(
    'two calls in turn',
    repeat(LONG, (n) => (n % 2 ? read('client') : bash('git diff', ''))),
  ),
  loop(
    'two calls in turn, each time other known lines',
    repeat(LONG, (n) => {
      const known = read(n % 2 ? 'client' : 'streams');
      return {
        ...known,
        result: known.result
          ?.split('\n')
          .slice(n % 11)
          .join('\n'),
      };
    }),
  ),
  loop(
    'an edit and its undoing',
    repeat(LONG, (n) => edit('client.py', n % 2 ? 't0' : 't1', { try: n })),
  ),
  loop(
    'wandering through what is known',
    repeat(LONG, (n) => ({
      ...{ tool: wander[n % 5], input: { n }, tree: 't0' },
      result: read(n % 2 ? 'client' : 'streams')
        .result?.split('\n')
        .slice(n % 20)
        .join('\n'),
    })),
  ),
  loop(
    'calls that no tool understands',
    repeat(LONG, (n) => ({
      ...{ tool: 'edit', input: { file: `a${n}` }, tree: 't0', isError: true, malformed: true },
      result: `path: expected string, received undefined (${n})`,
    })),
  ),
  loop(
    'commands that never end',
    repeat(LONG, (n) =>
      bash(`python serve_${n}.py`, `timed out after 300 s; it said ${n}`, { timedOut: true, isError: true }),
    ),
  ),
  loop(
    'words without a call',
    repeat(LONG, (n) => ({ result: `I will now look at part ${n}.` })),
  ),
];

/** A fault found and mended, then the next: the same two commands again and again, and every round brings something. */
const rounds = repeat(36, (n) => {
  const round = Math.floor(n / 3);
  const tree = `t${round + 1}`;
  if (n % 3 === 0) return edit('client.py', tree);
  if (n % 3 === 1)
    return bash('pytest -q', traceback(`AssertionError: ${round} != ${round + 1} in test_${round}`, n + 10), {
      tree,
    });
  return { ...read('client', tree), input: { path: 'client', start: round } };
});

export const HEALTHY: Trace[] = [
  {
    name: 'polling with the flag',
    steps: [
      ...opening,
      ...repeat(LONG, () => bash('wait_for sync', 'still running', { polls: true })),
      ...opening,
    ],
  },
  {
    name: 'polling that gets on',
    steps: repeat(30, (n) =>
      n % 2 ? bash('sleep 30', 'exit 0', { polls: true }) : bash('cat progress', `row ${n * 1_000} of 40000`),
    ),
  },
  { name: 'test, fix, test', steps: [...opening, ...rounds] },
  {
    name: 'test, fix, test beside one old failure',
    steps: rounds.map((step, n) =>
      step.isError
        ? { ...step, result: `${step.result}\nE ModuleNotFoundError: No module named 'boto3'\nround ${n}` }
        : step,
    ),
  },
  {
    name: 'one edit in many places',
    steps: repeat(LONG, (n) => edit(n % 2 ? 'streams.py' : `stream_${n}.py`, `t${n}`)),
  },
  { name: 'long reads', steps: repeat(30, (n) => read(`module_${n}`)) },
  {
    name: 'searches that find nothing',
    steps: repeat(30, (n) => (n % 3 ? read(`file_${n}`) : bash(`grep -r name_${n}`, 'exit 1'))),
  },
  {
    name: 'three ideas, each taken back once',
    steps: repeat(18, (n) => {
      if (n % 6 === 0) return edit('client.py', `idea${n}`);
      if (n % 6 === 2) return bash('git restore .', `exit 0 (${n})`);
      return { ...read(`other_${n}`), tree: n % 6 === 1 ? `idea${n - 1}` : 't0' };
    }).slice(0, 14),
  },
  {
    name: 'verification that gets better',
    steps: repeat(30, (n) => {
      const failing = Array.from({ length: 12 - Math.floor(n / 3) }, (_, one) => `test_${one}`);
      if (n % 3 === 0) return edit('client.py', `v${n}`);
      if (n % 3 === 1) return bash('pytest -q', `exit 1\n${failing.length} failed`, { tree: `v${n - 1}` });
      return {
        ...{
          tool: 'verify',
          input: {},
          result: `failed: ${failing.join()}`,
          isError: true,
          tree: `v${n - 2}`,
        },
        tests: { passing: 12 - failing.length, failing },
      };
    }),
  },
];
