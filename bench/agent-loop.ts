import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { clock } from '#adapters/clock.ts';
import { openJournal } from '#containers/agent/journal.ts';
import { engage } from '#containers/agent/loop.ts';
import type { Model, ToolUse } from '#core/agents/model.ts';
import { ROLES } from '#core/agents/roles.ts';
import type { Artifacts } from '#core/ports.ts';
import { print } from './print.ts';

/** Steps of one run, and how long the model takes for each: what is kept beside it has that time. */
const STEPS = 500;
const MODEL_MS = 60;
/** How long a tool takes: about as long as starting a process. */
const TOOL_MS = 30;

export interface LoopFigures {
  /** Milliseconds of a step that are neither the model's nor the tool's. */
  p50: number;
  p95: number;
  /** Milliseconds of processor per step, everything included: what a busy machine does not change. */
  cpu: number;
  /** Megabytes of heap after the first hundred steps, and after the last. */
  early: number;
  late: number;
}

/** A run of edits with a real journal on disk; S3 and DynamoDB take as long as they usually do. */
export async function loopFigures(): Promise<LoopFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'loop-bench-'));
  const put = () => sleep(20);
  const update = () => sleep(5);
  const journal = await openJournal({
    ...{
      folder,
      clock,
      lease: 1,
      round: 'first',
      prefix: 'runs',
      artifacts: { put } as unknown as Artifacts,
    },
    keep: update,
  });
  const cpu = process.cpuUsage();
  const times: number[] = [];
  const heap: number[] = [];
  let answered = performance.now();
  let step = 0;
  const model = {
    converse: async () => {
      times.push(performance.now() - answered);
      heap.push(heapMegabytes(step));
      await sleep(MODEL_MS);
      answered = performance.now();
      return { content: [call(++step)], stop: step === STEPS ? 'end_turn' : 'tool_use', nanoUsd: 1 };
    },
  } as unknown as Model;
  await engage({
    ...{ model, journal, system: 'You are an engineer', brief: 'Mend it', mark: '0123', budget: 1e15 },
    role: { ...ROLES.engineer, maxSteps: STEPS, maxNanoUsd: 1e15 },
    useTool: async (name) => {
      const began = performance.now();
      await sleep(TOOL_MS);
      answered += performance.now() - began;
      return { text: `${name} ${step} ${'said '.repeat(20)}` };
    },
    checkpoint: async () => ({ tree: `t${step}`, patch: '' }),
    outage: 600_000,
    recap: async () => '',
    carried: { up: 0, down: 0 },
    steering: async () => ({}),
    onStep: update,
    onStruck: update,
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  journal.close();
  rmSync(folder, { recursive: true });
  const { user, system } = process.cpuUsage(cpu);
  const sorted = times.slice(1).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return {
    ...{ p50: at(0.5), p95: at(0.95), cpu: (user + system) / 1_000 / STEPS },
    ...{ early: heap[100] ?? Number.NaN, late: heap.at(-1) ?? Number.NaN },
  };
}

function call(step: number): ToolUse {
  const input = { path: `file-${step}.py`, old: `${step}`, new: `${step + 1}` };
  return { type: 'tool_use', id: `call_${step}`, name: 'edit', input };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapMegabytes(step: number): number {
  if (step % 100 === 0 || step === STEPS - 1) collect();
  return process.memoryUsage().heapUsed / 1e6;
}

/** What the loop itself costs, over a long run. */
export async function loopTable(show: typeof print): Promise<LoopFigures> {
  const figures = await loopFigures();
  const { p50, p95, cpu, early, late } = figures;
  show(
    `The agent's loop beside the model and the tools, ${STEPS} steps (load ${loadavg()[0]?.toFixed(1)})`,
    ['', 'p50 ms', 'p95 ms', 'CPU ms', 'heap MB at 100', `heap MB at ${STEPS}`],
    [['a step', ...[p50, p95, cpu, early, late].map((figure) => figure.toFixed(1))]],
  );
  return figures;
}

if (import.meta.main) await loopTable(print);
