import type { EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod';
import { stateMachines } from '#adapters/aws/machines.ts';
import { log } from '#adapters/log.ts';
import { parse } from '#core/parse.ts';
import type { Machines } from '#core/ports.ts';
import { happening } from '../queue.ts';

export const Env = z.object({});
export type Env = z.infer<typeof Env>;

/** What is read of an "ECS Task State Change". */
const Detail = z.object({
  taskArn: z.string(),
  lastStatus: z.string(),
  stoppedReason: z.string().optional(),
  containers: z.array(z.object({ exitCode: z.int().optional(), reason: z.string().optional() })).default([]),
  overrides: z.object({
    containerOverrides: z
      .array(
        z.object({ environment: z.array(z.object({ name: z.string(), value: z.string() })).default([]) }),
      )
      .default([]),
  }),
});

/**
 * A task that ended without an answer (killed, out of memory, never started) fails its step at once instead of after a
 * missed heartbeat. One that has answered waits for nothing any more, and the failure goes nowhere.
 */
export function onTaskStopped(machines: Pick<Machines, 'fail'>) {
  return async ({ detail }: EventBridgeEvent<string, unknown>) => {
    const { taskArn, lastStatus, stoppedReason, containers, overrides } = parse(Detail, detail);
    const variables = overrides.containerOverrides.flatMap(({ environment }) => environment);
    const token = variables.find(({ name }) => name === 'TASK_TOKEN')?.value;
    if (lastStatus !== 'STOPPED' || !token) return;
    const exits = containers.map(({ exitCode, reason }) => reason ?? `exit ${exitCode ?? 'unknown'}`);
    const why = [stoppedReason, ...exits].filter(Boolean).join('; ');
    const heard = await machines.fail(token, 'TaskStopped', why || 'The task ended without an answer');
    if (heard) log.warn('a task ended without an answer', { taskArn, why });
  };
}

export const handler = happening(Env, async () => onTaskStopped(stateMachines()));
