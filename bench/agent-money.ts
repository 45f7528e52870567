import type { Message as Answer } from '@anthropic-ai/sdk/resources/messages';
import type { Send } from '#adapters/anthropic/client.ts';
import { speaking } from '#adapters/anthropic/speak.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import type { Block, Model } from '#core/agents/model.ts';
import { ROLES } from '#core/agents/roles.ts';
import type { Purse } from '#core/agents/spend.ts';

/** Milliseconds that each part took, a value per step. */
export type Shares = Record<string, number[]>;

const USAGE = { input_tokens: 2_000, output_tokens: 500, cache_read_input_tokens: 40_000 };
const MUCH = 1e14;

/** A model whose every answer is paid for in the local AWS at `endpoint`; `says` is all of it that is not real. */
export async function payingModel(
  endpoint: string,
  shares: Shares,
  says: () => Promise<{ content: Block[]; stop: 'tool_use' | 'end_turn' }>,
): Promise<Model> {
  const send: Send = async (_request, { onAttempt }) => {
    const settle = await onAttempt(1);
    const { content, stop } = await says();
    await settle({ usage: USAGE, stop, final: true });
    return { content, stop_reason: stop, usage: USAGE } as unknown as Answer;
  };
  const purse = timed(await benchPurse(endpoint), shares);
  const speak = speaking({ send: () => send, roles: ROLES, clock, purse, measure: () => {} });
  let booking = Promise.resolve();
  const converse: Model['converse'] = async (turn) => {
    await booking;
    const { answer, nanoUsd, booked } = await speak(turn);
    booking = booked;
    const content = answer.content as unknown as Block[];
    return { content, stop: answer.stop_reason as 'tool_use', nanoUsd, tokens: 0 };
  };
  return { converse, booked: () => booking } as Model;
}

async function benchPurse(endpoint: string): Promise<Purse> {
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' },
  });
  await dynamoRuns('Runs').open({
    ...{ org: 'bench', id: 'run_bench_1', ticketId: 'tk_bench', attempt: 1, status: 'running', percent: 50 },
    ...{ stage: 'implementation', doing: '', spentNanoUsd: 0, budgetNanoUsd: MUCH },
    startedAt: clock.now().toISOString(),
  });
  const spend = dynamoSpend('Runs');
  await spend.setCaps('bench', { call: MUCH, run: MUCH, ticket: MUCH, day: MUCH });
  return spend.purse('bench', 'run_bench_1');
}

function timed({ left, reserve, settle }: Purse, shares: Shares): Purse {
  const measured = async <T>(part: string, work: Promise<T>): Promise<T> => {
    const began = performance.now();
    const result = await work;
    shares[part] = [...(shares[part] ?? []), performance.now() - began];
    return result;
  };
  return {
    left: (at) => measured('what is left', left(at)),
    reserve: (claim) => measured('reserve', reserve(claim)),
    settle: (claim, outcome) => measured('settle, beside', settle(claim, outcome)),
  };
}
