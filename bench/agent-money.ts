import { randomUUID } from 'node:crypto';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import type { Claim, Outcome, Purse } from '#core/agents/spend.ts';

/** Milliseconds that each part took, a value per step. */
export type Shares = Record<string, number[]>;

const TOKENS = { inputTokens: 2_000, outputTokens: 500, cacheReadTokens: 40_000, cacheWriteTokens: 900 };
const OUTCOME: Outcome = { ...TOKENS, nanoUsd: 20_000_000, priceVersion: 'bench', status: 'settled' };

/** A purse of the local AWS at `endpoint`, with a run of its own. */
export async function benchPurse(endpoint: string): Promise<Purse> {
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' },
  });
  await dynamoRuns('Runs').open({
    ...{ org: 'bench', id: 'run_bench_1', ticketId: 'tk_bench', attempt: 1, status: 'running', percent: 50 },
    ...{ stage: 'implementation', doing: '', spentNanoUsd: 0, budgetNanoUsd: 1e15 },
    startedAt: new Date().toISOString(),
  });
  const spend = dynamoSpend('Runs');
  await spend.setCaps('bench', { call: 1e15, run: 1e15, ticket: 1e15, day: 1e15 });
  return spend.purse('bench', 'run_bench_1');
}

/** What one answer costs the ledger, around the answer itself. */
export async function paid(purse: Purse, shares: Shares, answer: () => Promise<void>): Promise<void> {
  const at = new Date().toISOString();
  const claim: Claim = {
    ...{ id: `${randomUUID()}#1`, at, role: 'engineer', provider: 'anthropic', model: 'bench' },
    ...{ attempt: 1, nanoUsd: 500_000_000 },
  };
  await timed(shares, 'what is left', () => purse.left(new Date(at)));
  await timed(shares, 'reserve', () => purse.reserve(claim));
  await answer();
  await timed(shares, 'settle', () => purse.settle(claim, OUTCOME));
}

async function timed(shares: Shares, part: string, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await work();
  shares[part] = [...(shares[part] ?? []), performance.now() - began];
}
