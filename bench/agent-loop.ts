import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { clock } from '#adapters/clock.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { openJournal } from '#containers/agent/journal.ts';
import { engage } from '#containers/agent/loop.ts';
import type { Model, ToolUse } from '#core/agents/model.ts';
import { ROLES } from '#core/agents/roles.ts';
import { localAws } from '../test/support/aws.ts';
import { run } from '../test/support/tickets.ts';
import { print } from './print.ts';

/** Steps of one run, and how long the model takes for each: what is kept beside it has that time. */
const STEPS = 500;
const MODEL_MS = 60;

export interface LoopFigures {
  /** Milliseconds of a step that are neither the model's nor the tool's. */
  p50: number;
  p95: number;
  /** Megabytes of heap after the first hundred steps, and after the last. */
  early: number;
  late: number;
}

/** A run of edits and commands on a real journal, whose parts go to the local S3 under a lease in the local DynamoDB. */
export async function loopFigures(): Promise<LoopFigures> {
  const aws = await localAws();
  const folder = mkdtempSync(join(tmpdir(), 'loop-bench-'));
  const runs = dynamoRuns('Runs');
  await runs.open(run());
  const { org, id, lease = 1 } = await runs.hold('acme', 'run_1_1');
  const journal = await openJournal({
    ...{
      folder,
      lease,
      clock,
      round: 'first',
      prefix: `runs/${org}/${id}/journal`,
      artifacts: s3Artifacts('artifacts'),
    },
    keep: async (kept) => void (await runs.update(org, id, { journal: { ...kept, base: 'b' } }, lease)),
  });
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
    ...{ model, journal, system: 'You are an engineer', brief: 'Mend it', budget: 1e15 },
    role: { ...ROLES.engineer, maxSteps: STEPS, maxNanoUsd: 1e15 },
    useTool: async (name) => ({ text: `${name} ${step} ${'said '.repeat(20)}` }),
    checkpoint: async () => ({ tree: `t${step}`, patch: '' }),
    recap: async () => '',
    steering: async () => (await runs.find(org, id)) ?? {},
    onStep: async (number, doing) => void (await runs.update(org, id, { step: number, doing }, lease)),
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  await journal.close();
  await aws.stop();
  rmSync(folder, { recursive: true });
  const sorted = times.slice(1).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), early: heap[100] ?? Number.NaN, late: heap.at(-1) ?? Number.NaN };
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
export async function loopTable(show: typeof print): Promise<void> {
  const { p50, p95, early, late } = await loopFigures();
  show(
    `The agent's loop beside the model and the tools, ${STEPS} steps, on the local S3 and DynamoDB`,
    ['', 'p50 ms', 'p95 ms', 'heap MB at 100', `heap MB at ${STEPS}`],
    [['a step', ...[p50, p95, early, late].map((figure) => figure.toFixed(1))]],
  );
}

if (import.meta.main) await loopTable(print);
