import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { batchClient } from '#adapters/anthropic/batches.ts';
import { dynamoBatchIntents } from '#adapters/dynamodb/batch-intents.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { nextLook } from '#core/agents/batch.ts';
import { DEFAULT_CAPS } from '#core/agents/caps.ts';
import type { Message } from '#core/agents/model.ts';
import { ROLES, type RoleLimits } from '#core/agents/roles.ts';
import type { BatchTrouble } from '#local/model/batches.ts';
import { KEY, openModelWith } from '../../local/model/open.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { run } from '../../support/tickets.ts';

const ROLE = 'lead' as const;
const spend = dynamoSpend('Runs');
const runs = dynamoRuns('Runs');

let aws: LocalAws;
let org: string;
let count = 0;
let model: Awaited<ReturnType<typeof openModelWith>> | undefined;
let late = 0;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());
beforeEach(async () => {
  org = `batch-${++count}`;
  late = 0;
  await runs.open(run({ org }));
});
afterEach(() => model?.close());

function item(name: string, more: object = {}) {
  const messages: Message[] = [{ role: 'user', content: [{ type: 'text', text: `Look at ${name}` }] }];
  return { customId: name, draft: { role: ROLE, system: 's', messages, maxTokens: 2_000, ...more } };
}

const ITEMS = ['a', 'b', 'c'].map((name) => item(name));

async function opened(trouble: BatchTrouble = {}, roles: Partial<Record<typeof ROLE, RoleLimits>> = {}) {
  const captures = { name: 'Look at (\\w+)' };
  model = await openModelWith(trouble, {
    match: { captures },
    turns: [{ content: [{ type: 'text', text: 'It is {{name}}.' }] }],
  });
  return batchClient({
    access: { apiKey: KEY, baseUrl: model.baseURL },
    roles: { ...ROLES, ...roles },
    clock: { now: () => new Date(Date.now() + late) },
    purse: spend.purse(org, 'run_1_1'),
    intents: dynamoBatchIntents('Runs', org, 'run_1_1'),
  });
}

async function collected(client: Awaited<ReturnType<typeof opened>>, items = ITEMS) {
  const answers: Record<string, unknown> = {};
  const left = await client.collect('one', items, async (customId, { content: [block] }) => {
    answers[customId] = block?.type === 'text' ? block.text : undefined;
  });
  return { answers, left };
}

const listed = async () => {
  const response = await fetch(`${model?.baseURL}/v1/messages/batches`, {
    headers: { authorization: `Bearer ${KEY}`, 'anthropic-version': '2026-10-21' },
  });
  return ((await response.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
};

describe('a batch', () => {
  it('answers every question once, in whatever order, at half the price', async () => {
    const client = await opened({ looks: 1 });
    const id = await client.submit('one', ITEMS);
    expect([await client.hasEnded(id), await client.hasEnded(id)]).toEqual([false, true]);
    const { answers, left } = await collected(client);

    expect(answers).toEqual({ a: 'It is a.', b: 'It is b.', c: 'It is c.' });
    expect(left).toEqual({ again: [], refused: [] });
    const costs = await runs.costs(org, 'run_1_1');
    expect(costs).toHaveLength(3);
    for (const row of costs) {
      const whole = row.inputTokens * 2_000 + row.outputTokens * 10_000;
      expect(row).toMatchObject({ batchId: id, status: 'settled', nanoUsd: Math.ceil(whole / 2) });
      expect(row.nanoUsd).toBeLessThanOrEqual(row.reservedNanoUsd ?? 0);
    }
  });

  it('is one batch and one bill, however often it is submitted and collected', async () => {
    const client = await opened();
    const ids = [await client.submit('one', ITEMS), await client.submit('one', ITEMS)];
    await collected(client);
    await collected(client);

    expect(new Set(ids).size).toBe(1);
    expect(await listed()).toHaveLength(1);
    const costs = await runs.costs(org, 'run_1_1');
    expect((await runs.find(org, 'run_1_1'))?.spentNanoUsd).toBe(
      costs.reduce((sum, row) => sum + row.nanoUsd, 0),
    );
  });

  it('is found again when the answer to its creation was lost', async () => {
    const client = await opened({ lostCreates: 1 });

    expect(await client.submit('one', ITEMS)).toBe((await listed())[0]);
    expect(await listed()).toHaveLength(1);
  });

  it('is found again by whoever goes on after a crash between creation and note', async () => {
    const client = await opened();
    const intents = dynamoBatchIntents('Runs', org, 'run_1_1');
    const broken = batchClient({
      access: { apiKey: KEY, baseUrl: model?.baseURL ?? '' },
      ...{ roles: ROLES, clock: { now: () => new Date() }, purse: spend.purse(org, 'run_1_1') },
      intents: { ...intents, adopt: () => Promise.reject(new Error('killed')) },
    });
    await expect(broken.submit('one', ITEMS)).rejects.toThrow('killed');

    expect(await client.submit('one', ITEMS)).toBe((await listed())[0]);
    expect(await listed()).toHaveLength(1);
    expect(Object.keys((await collected(client)).answers)).toHaveLength(3);
  });

  it('is sent again only when it must have shown if it had been made', async () => {
    const client = await opened();
    const intents = dynamoBatchIntents('Runs', org, 'run_1_1');
    const at = new Date().toISOString();
    await intents.intend({ id: 'one', at, count: 3 });
    await intents.tried('one', at);

    await expect(client.submit('one', ITEMS)).rejects.toMatchObject({ code: 'Unavailable' });
    late = 61_000;
    await client.submit('one', ITEMS);
    expect(await listed()).toHaveLength(1);
  });

  it('never takes a batch that another has', async () => {
    const client = await opened();
    const first = await client.submit('one', ITEMS);
    const second = await client.submit('two', ITEMS);

    expect(second).not.toBe(first);
    await expect(dynamoBatchIntents('Runs', org, 'run_1_1').adopt('two', first)).rejects.toMatchObject({
      code: 'Conflict',
    });
  });

  it('says which questions are worth asking again, and charges nothing for them but what nobody heard of', async () => {
    const client = await opened({ fates: { a: 'errored', b: 'expired', c: 'missing' } });
    const items = [...ITEMS, item('d', { maxTokens: 0.5 })];
    await client.submit('one', items);
    const { answers, left } = await collected(client, items);

    expect(answers).toEqual({});
    expect(left.again.sort()).toEqual(['a', 'b', 'c']);
    expect(left.refused).toMatchObject([{ customId: 'd', why: expect.stringContaining('max_tokens') }]);
    const charged = (await runs.costs(org, 'run_1_1')).filter(({ nanoUsd }) => nanoUsd > 0);
    expect(charged).toMatchObject([{ customId: 'c', status: 'unknown' }]);
  });

  it('gives its key to no other host', async () => {
    const client = await opened({ resultsHost: 'elsewhere.example' });
    await client.submit('one', ITEMS);

    await expect(collected(client)).rejects.toThrow(/elsewhere.example, which is not the provider/);
  });

  it('is not sent when its money is not there, or it would be refused', async () => {
    const client = await opened();
    await expect(client.submit('odd', [item('a b')])).rejects.toMatchObject({ code: 'Invalid' });
    await expect(client.submit('twice', [item('a'), item('a')])).rejects.toMatchObject({ code: 'Invalid' });
    await spend.setCaps(org, {
      ...DEFAULT_CAPS,
      day: 15_000_000,
      ticket: 15_000_000,
      run: 15_000_000,
      call: 15_000_000,
    });
    await expect((await opened()).submit('dear', ITEMS)).rejects.toMatchObject({ code: 'OverBudget' });

    expect(await listed()).toEqual([]);
  });

  it('is only for models that take batches', async () => {
    const client = await opened({}, { lead: { ...ROLES.lead, provider: 'minimax', model: 'MiniMax-M3' } });

    await expect(client.submit('one', ITEMS)).rejects.toThrow(/takes no batches/);
  });
});

it('is looked at soon, then seldom, and not after 25 hours', () => {
  expect([0, 1, 2, 3, 4, 50].map((looks) => nextLook(looks, 0))).toEqual([60, 120, 300, 600, 900, 900]);
  expect(nextLook(3, 25 * 3_600)).toBeUndefined();
});
