import type { EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { parse, parseJson } from '#core/parse.ts';
import { type ConcludeNeeds, conclude, plainReason } from '#core/runs/conclude.ts';
import { ConcludeEnv, concludeNeeds } from '../conclude-needs.ts';
import { happening } from '../queue.ts';

export const Env = ConcludeEnv;
export type Env = ConcludeEnv;

export const Ended = z.object({
  status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
  input: z.string(),
  error: z.nullish(z.string()),
  cause: z.nullish(z.string()),
});

const Input = z.object({ org: z.string(), ticketId: z.string(), runId: z.string() });

const WORDS = {
  FAILED: 'The run failed',
  TIMED_OUT: 'The run took too long',
  ABORTED: 'The run was stopped',
};

/** A machine that ended without an answer → its ticket has failed, with the reason. One that has ended already keeps its end. */
export function onRunEnded(needs: ConcludeNeeds) {
  return async ({ detail }: Pick<EventBridgeEvent<string, unknown>, 'detail'>): Promise<void> => {
    const { status, input, error, cause } = parse(Ended, detail);
    const ref = parseJson(Input, input);
    const why = [error, cause && plainReason(cause)].filter(Boolean).join(': ');
    await conclude(
      ref,
      { status: 'failed', reason: why ? `${WORDS[status]}: ${why}` : WORDS[status] },
      needs,
    );
  };
}

export const handler = happening(Env, async (env) => onRunEnded(concludeNeeds(env)));
