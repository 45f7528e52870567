import { spawnSync } from 'node:child_process';
import { evaluate } from '../core/policy/evaluate.ts';
import { budgetKey } from '../core/policy/policy.ts';
import { isAcceptable, readPolicy } from '../core/policy/read.ts';
import { print } from './print.ts';

/**
 * `node bench/policy.ts [--json]`: how long the dearest policies take that may be activated, and files that must be
 * refused, each in a fresh state and again when warm.
 */
const LIMIT = 65_536;
const HEAD = 'version: 1\ntenant: acme\ndefault: { mode: require_approval, risk: high, approval: a0 }\n';
const LIMITS =
  'limits: { recipients: 20, external_recipients: 5, external: true, pii: masked }, over_limit: require_approval';
const WITHIN = 'recipients: 20, external_recipients: 5, external: true, pii: masked';
const OVER = { recipients: 21, external_recipients: 6, pii: 'raw' };

/** As much of everything as there may be and as fits, all of it about one kind of action. */
function dearest(): string {
  const of = (count: number, line: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => line(at));
  const text = [
    `${HEAD}approvals:`,
    ...of(20, (at) => `  a${at}: { groups: [g${at}], quorum: 2, ttl: ${at + 1}h, remind: [10m, 20m] }`),
    'rules:',
    ...of(
      200,
      (at) => `  - { id: r${at}, action: email.*, risk: low, mode: auto, ${LIMITS}, approval: a${at % 20} }`,
    ),
    'budgets:',
    ...of(20, (at) => `  - { metric: recipients, window: ${at + 1}h, limit: 0, over: require_approval }`),
    'tests:',
  ].join('\n');
  const examples = of(
    500,
    (at) =>
      `\n  - { name: t, action: email.send, facts: { ${at % 2 ? '' : WITHIN} }, expect: require_approval }`,
  );
  return examples.reduce((all, one) => (all.length + one.length < LIMIT ? all + one : all), text);
}

/** The text made as long as a file may be. */
function full(text: string): string {
  return `${text}${`#${'x'.repeat(98)}\n`.repeat(1000)}`.slice(0, LIMIT);
}

const large = dearest();
const FILES: Record<string, string> = {
  'dearest accepted': large,
  'with comments': full(`${HEAD}approvals: { a0: { groups: [g], ttl: 1h } }\nrules: []\n`),
  'a typo per rule': large.replaceAll('over_limit', 'over_limt').slice(0, LIMIT),
  '5,000 rules': full(`${HEAD}approvals: {}\nrules:\n${'  - {id: a}\n'.repeat(5000)}`),
  '8,000 keys': Array.from({ length: 8_000 }, (_, at) => `k${at}: 1`)
    .join('\n')
    .slice(0, LIMIT),
  'lists in lists': '['.repeat(LIMIT),
  'lines in lines': '- '.repeat(LIMIT / 2),
  'maps in maps': '{a: '.repeat(LIMIT / 4),
  aliases: `a: &a [x]\n${'b: *a\n'.repeat(10_000)}`.slice(0, LIMIT),
  'one long word': `a: ${'1'.repeat(LIMIT - 3)}`,
  'a million lists': '['.repeat(1_000_000),
};

interface Times {
  first: number;
  p50: number;
  p99: number;
  max: number;
  /** Of the processor, on average: what it costs on a machine that is busy with other things. */
  cpu: number;
}

/** Milliseconds of the first call, and of the middle, the slowest hundredth and the slowest of the rest. */
function timed(count: number, work: () => unknown): Times {
  const call = () => {
    const began = performance.now();
    work();
    return performance.now() - began;
  };
  const first = call();
  for (let warm = 0; warm < count / 2; warm += 1) call();
  const before = process.cpuUsage();
  const sorted = Array.from({ length: count }, call).sort((a, b) => a - b);
  const { user, system } = process.cpuUsage(before);
  const at = (part: number) => sorted[Math.min(count - 1, Math.floor(count * part))] ?? 0;
  return { first, p50: at(0.5), p99: at(0.99), max: at(1), cpu: (user + system) / 1000 / count };
}

interface Row extends Times {
  name: string;
  bytes: number;
  accepted: boolean;
}

function reading(name: string): Row {
  const text = FILES[name] as string;
  const times = timed(20, () => readPolicy(text));
  return { name, bytes: text.length, accepted: isAcceptable(readPolicy(text)), ...times };
}

/** Every rule matches and is over, and every budget with them. */
function judging(): Row {
  const { active } = readPolicy(large);
  if (!active) throw new Error('The dearest policy cannot be read any more: repair it');
  const spent = Object.fromEntries(active.policy.budgets.map((budget) => [budgetKey(budget), 1]));
  const times = timed(5_000, () => evaluate(active, { type: 'email.send', facts: OVER, spent, people: 10 }));
  return { name: 'evaluate', bytes: large.length, accepted: true, ...times };
}

/** In a process of its own, so that the first call is the first. */
function fresh(name: string): Row {
  const { stdout } = spawnSync(process.execPath, [import.meta.filename, '--one', name], { encoding: 'utf8' });
  return JSON.parse(stdout);
}

const [flag, name = ''] = process.argv.slice(2);
if (flag === '--one') process.stdout.write(JSON.stringify(name === 'evaluate' ? judging() : reading(name)));
else report(Object.keys(FILES).map(fresh), fresh('evaluate'));

function report(uploads: Row[], evaluation: Row): void {
  if (!uploads[0]?.accepted) throw new Error('The dearest policy is not accepted any more: repair it');
  if (flag === '--json') {
    process.stdout.write(`${JSON.stringify({ uploads, evaluation }, null, 2)}\n`);
    return;
  }
  const head = ['milliseconds', 'bytes', 'accepted', 'first', 'p50', 'p99', 'max', 'processor'];
  const row = ({ name, bytes, accepted, ...times }: Row) => {
    const { first, p50, p99, max, cpu } = times;
    return [
      name,
      bytes,
      accepted ? 'yes' : 'no',
      ...[first, p50, p99, max, cpu].map((one) => one.toFixed(2)),
    ];
  };
  print('Reading and checking a file; the bar is 100 ms', head, uploads.map(row));
  print('Judging one action, 200 rules and 20 budgets over; the bar is 5 ms', head, [row(evaluation)]);
}
