import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { clock } from '#adapters/clock.ts';
import { type Journal, openJournal } from '#containers/agent/journal.ts';
import { engage } from '#containers/agent/loop.ts';
import type { ToolUse } from '#core/agents/model.ts';
import { ROLES } from '#core/agents/roles.ts';
import type { Artifacts } from '#core/ports.ts';
import { payingModel, type Shares } from './agent-money.ts';
import { inFolder, withEngine } from './engine.ts';
import { print } from './print.ts';

/** Steps of one run, and how long the model takes for each: what is kept beside it has that time. */
const STEPS = 500;
const MODEL_MS = 60;
/** How long a tool takes: about as long as starting a process. */
const TOOL_MS = 30;

export interface LoopFigures {
  /** Milliseconds of a step, money included, that are neither the model's nor the tool's. */
  p50: number;
  p95: number;
  /** Milliseconds of processor per step, everything included: what a busy machine does not change. */
  cpu: number;
  /** The median of each part that is waited for in between, and of what happens beside it. */
  shares: Record<string, number>;
  /** Bytes of heap after the first hundred steps, and after the last; and of what was said between them, which is kept. */
  early: number;
  late: number;
  said: number;
}

/** A run of edits with a real journal on disk and real money in the local AWS; S3 and the run's own row take as long as they usually do. */
export async function loopFigures(): Promise<LoopFigures> {
  return inFolder((folder) =>
    withEngine(folder, async ({ endpoint }) => {
      const journal = await onDisk(folder);
      return measured(journal, endpoint).finally(journal.close);
    }),
  );
}

const put = () => sleep(20);
const update = () => sleep(5);

function onDisk(folder: string): Promise<Journal> {
  const artifacts = { put } as unknown as Artifacts;
  return openJournal({
    ...{ folder, clock, lease: 1, round: 'first', prefix: 'runs', artifacts, keep: update },
  });
}

async function measured(journal: Journal, endpoint: string): Promise<LoopFigures> {
  const shares: Shares = {};
  const times: number[] = [];
  const heap: number[] = [];
  let written = 0;
  let step = 0;
  let idle = performance.now();
  const says = async () => {
    times.push(performance.now() - idle);
    heap.push(heapBytes(step));
    if (step === 100) written = 0;
    await sleep(MODEL_MS);
    idle = performance.now();
    const content = [call(++step)];
    return { content, stop: step === STEPS ? ('end_turn' as const) : ('tool_use' as const) };
  };
  const append: Journal['append'] = (entry) => {
    written += JSON.stringify(entry).length;
    journal.append(entry);
  };
  const cpu = process.cpuUsage();
  await engage({
    ...{ system: 'You are an engineer', brief: 'Mend it', mark: '0123', budget: 1e14, outage: 600_000 },
    model: await payingModel(endpoint, shares, says),
    journal: { ...journal, append },
    role: { ...ROLES.engineer, maxSteps: STEPS, maxNanoUsd: 1e14 },
    useTool: async (name) => {
      const began = performance.now();
      await sleep(TOOL_MS);
      idle += performance.now() - began;
      return { text: `${name} ${step} ${'said '.repeat(20)}` };
    },
    checkpoint: async () => ({ tree: `t${step}`, patch: '' }),
    recap: async () => '',
    carried: { up: 0, down: 0 },
    steering: async () => ({}),
    onStep: update,
    onStruck: update,
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  const { user, system } = process.cpuUsage(cpu);
  const waited = times.slice(1);
  const own = waited.map((time, at) => time - (shares.reserve?.[at + 1] ?? 0));
  return {
    ...{ p50: at(waited, 0.5), p95: at(waited, 0.95), cpu: (user + system) / 1_000 / STEPS },
    shares: Object.fromEntries(
      Object.entries({ 'the loop': own, ...shares }).map(([part, all]) => [part, at(all, 0.5)]),
    ),
    ...{ early: heap[100] ?? Number.NaN, late: heap.at(-1) ?? Number.NaN, said: written },
  };
}

function at(figures: number[], share: number): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length * share)] ?? Number.NaN;
}

function call(step: number): ToolUse {
  const input = { path: `file-${step}.py`, old: `${step}`, new: `${step + 1}` };
  return { type: 'tool_use', id: `call_${step}`, name: 'edit', input };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(step: number): number {
  if (step % 100 === 0 || step === STEPS - 1) collect();
  return process.memoryUsage().heapUsed;
}

/** What the loop itself costs, over a long run. */
export async function loopTable(show: typeof print): Promise<LoopFigures> {
  const figures = await loopFigures();
  const { p50, p95, cpu, shares, early, late, said } = figures;
  show(
    `The agent's loop beside the model and the tools, money included, ${STEPS} steps (load ${loadavg()[0]?.toFixed(1)})`,
    ['', 'p50 ms', 'p95 ms', 'CPU ms', 'bytes at 100', `at ${STEPS}`, 'said between'],
    [['a step', ...[p50, p95, cpu].map((figure) => figure.toFixed(1)), early, late, said]],
  );
  show('Of that, the median of each part; what happens beside is not waited for', Object.keys(shares), [
    Object.values(shares).map((figure) => figure.toFixed(1)),
  ]);
  return figures;
}

if (import.meta.main) await loopTable(print);
