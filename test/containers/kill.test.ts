import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseJournal } from '#core/agents/journal.ts';
import { price, type Usage } from '#core/agents/prices.ts';
import type { CostRow, Run } from '#core/runs/run.ts';
import { ORG, type Workbench, workbench, writeScript } from './workbench.ts';

/** The full suite kills at every append of every script; SIGNALBOX_FULL=8 at every eighth; the quick one at one of each. */
const { SIGNALBOX_FULL } = process.env;

const EDIT = { path: 'tap_orders/client.py', old: ' or len(records) < self.page_size:', new: ':' };
const PLAN = { path: '.signalbox/plan.json', old: '', new: '["mend the client"]\n' };
const NOTE = { path: 'NOTES.md', old: '', new: 'Pages may be short.\n' };
const FINISH = { summary: 'Done', rootCause: 'Short pages', changes: [], tests: [], risks: [] };

let bench: Workbench;
let marks: string;
beforeAll(async () => {
  bench = await workbench();
  marks = join(bench.scripts, '../marks');
  writeFileSync(marks, '');
  chmodSync(marks, 0o666);
});
afterAll(() => bench.stop());

type Use = [name: string, input: object];

/** A turn of a model: calls, made side by side, or words. */
type Turn = Use[] | string | { uses: Use[]; usage?: object; expect?: string[] };

const SCRIPTS: Record<string, (name: string) => Turn[]> = {
  'one call at a time': (name) => [
    [['bash', { command: `echo ${name}-a >> ${marks}; python -m unittest 2>&1 | tail -1` }]],
    [['edit', EDIT]],
    [['bash', { command: `echo ${name}-b >> ${marks}; git diff --stat` }]],
    [['finish', FINISH]],
  ],
  'calls side by side': (name) => [
    [
      ['read', { path: EDIT.path }],
      ['edit', EDIT],
      ['bash', { command: `echo ${name}-a >> ${marks}` }],
      ['edit', NOTE],
    ],
    [
      ['search', { pattern: 'short' }],
      ['finish', FINISH],
    ],
  ],
  'words, a wrong call and a mistake': (name) => [
    'I think about it.',
    [['edit', { ...EDIT, old: 'nowhere' }]],
    [['bash', { command: `echo ${name}-a >> ${marks}; exit 3` }]],
    [['edit', EDIT]],
    'It is done.',
    [['finish', FINISH]],
  ],
  'a conversation that begins anew': (name) => [
    [['edit', PLAN]],
    [['bash', { command: `echo ${name}-a >> ${marks}` }]],
    { uses: [['edit', EDIT]], usage: { input_tokens: 125_000 } },
  ],
};

/** What the model says once its conversation has begun anew, with the notes that it made before. */
const ANEW: Turn[] = [
  [['read', { path: PLAN.path }]],
  { uses: [['edit', NOTE]], expect: ['mend the client'] },
  [['finish', FINISH]],
];

function play(kind: string, name: string): void {
  const match = { model: 'opus', system: ["You are Signalbox's engineer"] };
  const user = [`ETL-${name}"`];
  const turns = SCRIPTS[kind]?.(name).map(scripted);
  writeScript(bench, name, { match: { ...match, user }, turns });
  const anew = { match: { ...match, user: [...user, 'begun anew'] }, turns: ANEW.map(scripted) };
  writeScript(bench, `${name}-anew`, anew); // looked at first
}

function scripted(turn: Turn): object {
  if (typeof turn === 'string') return { content: [{ type: 'text', text: turn }], stop_reason: 'end_turn' };
  const { uses, ...besides } = Array.isArray(turn) ? { uses: turn } : turn;
  const content = uses.map(([name, input]) => ({ type: 'tool_use', name, input }));
  return { content, stop_reason: 'tool_use', ...besides };
}

interface Life {
  run: Run;
  /** What changed, without who and when. */
  patch: string;
  appends: number;
  costs: CostRow[];
  /** What the model's server counted, by message. */
  served: number[];
}

async function live(kind: string, name: string, dieAt?: string): Promise<Life> {
  play(kind, name);
  const filed = await bench.file(name);
  const before = bench.answered.length;
  if (dieAt) {
    const trap = ['--import', join(import.meta.dirname, 'die-at-append.ts')];
    const { code } = await bench.start('agent', filed, { DIE_AT: dieAt }, trap).ended;
    expect(code, `${kind} at ${dieAt}`).toBeNull();
  }
  const { code, printed } = await bench.start('agent', filed).ended;
  const run = (await bench.runs.find(ORG, filed.id)) as Run;
  if (code !== 0 || !run.patchKey) throw new Error(`It ended with ${code}: ${printed.split('\n').at(-2)}`);
  const mail = await bench.artifacts.text(run.patchKey);
  return {
    run,
    patch: mail.slice(mail.indexOf('diff --git')),
    appends: await appends(run),
    costs: await bench.runs.costs(ORG, filed.id),
    served: bench.answered.slice(before).flatMap(charged),
  };
}

async function appends({ id, journal }: Run): Promise<number> {
  const folder = `runs/${ORG}/${id}/journal/${journal?.round}/${journal?.lease}-`;
  const keys = await bench.artifacts.keys(folder);
  const text = await Promise.all(keys.map((key) => bench.artifacts.text(key)));
  return parseJournal(text.join('')).lines.length + 1;
}

/** What an answer costs by the usage that it ends with. */
function charged(answer: string): number[] {
  const [, model = ''] = /"model":"([^"]+)"/.exec(answer) ?? [];
  if (!answer.includes('message_stop')) return [];
  const usages = [...answer.matchAll(/"usage":(\{(?:[^{}]|\{[^{}]*\})*\})/g)];
  const usage = Object.assign({}, ...usages.map(([, text = '']) => JSON.parse(text))) as Usage;
  return [price(usage, model, new Date())];
}

function wrong(life: Life, whole: Life): string[] {
  const { name, made } = { name: life.run.ticketId.slice(3), made: readFileSync(marks, 'utf8').split('\n') };
  const own = made.filter((mark) => mark.startsWith(`${name}-`));
  const unknown = life.costs.filter(({ status }) => status === 'unknown');
  const settled = life.costs.filter(({ status }) => status === 'settled').map(({ nanoUsd }) => nanoUsd);
  const uncounted = life.served.toSorted().join() !== settled.toSorted().join();
  const isCovered = unknown.length === 1 && life.served.length <= settled.length + 1;
  return [
    life.patch.includes('.signalbox') && 'its notes are in the patch',
    life.patch !== whole.patch && `another patch: ${life.patch}`,
    new Set(own).size < own.length && `a command was run twice: ${own}`,
    uncounted && !isCovered && `the server counted ${life.served}, the ledger ${settled}`,
    unknown.length > 1 && `${unknown.length} requests of unknown fate`,
  ].filter((one) => one !== false);
}

function kills(appends: number, index: number): string[] {
  const all = Array.from({ length: appends }, (_, step) => [
    `${step + 1} before`,
    `${step + 1} after`,
  ]).flat();
  if (!SIGNALBOX_FULL) return all.filter((_, at) => at === Math.floor(((index + 1) * all.length) / 5));
  const every = Number(SIGNALBOX_FULL) || 1;
  return all.filter((_, at) => at % every === 0);
}

it.each(Object.keys(SCRIPTS).map((kind, index) => [index, kind] as const))(
  'ends with the same patch wherever it is killed: %i, %s',
  { timeout: 3_600_000 },
  async (index, kind) => {
    const whole = await live(kind, `whole${index}`);
    expect(wrong(whole, whole)).toEqual([]);
    expect(whole.served.length).toBeGreaterThan(1);
    const failures: string[] = [];
    const cases = kills(whole.appends, index);
    for (const dieAt of cases) {
      const found = await live(kind, `k${index}-${dieAt.replace(' ', '-')}`, dieAt).then(
        (life) => wrong(life, whole),
        (error: Error) => [error.message],
      );
      failures.push(...found.map((what) => `killed at ${dieAt}: ${what}`));
    }
    process.stdout.write(
      `crash matrix agent, ${kind}: ${whole.appends} appends, ${cases.length} cases, ${failures.length} wrong\n`,
    );

    expect(failures).toEqual([]);
  },
);
