import * as z from 'zod/mini';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { type Limits, limitsFrom } from '#core/queue/limits.ts';
import type { Queue } from '#core/queue/ports.ts';

/** What a function needs to tell how long somebody waits. */
export const QueueEnv = z.object({ QUEUE_TABLE: z.string(), SLOTS: z.string(), SLOTS_PER_ORG: z.string() });
export type QueueEnv = z.infer<typeof QueueEnv>;

export function queueFrom(env: QueueEnv): { queue: Queue; limits: Limits } {
  return { queue: dynamoQueue(env.QUEUE_TABLE), limits: limitsFrom(env.SLOTS, env.SLOTS_PER_ORG) };
}
