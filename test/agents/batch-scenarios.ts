import { expect } from 'vitest';
import { type BatchProgress, type BatchWork, batchStep } from '#adapters/anthropic/batch-rounds.ts';
import { batchClient } from '#adapters/anthropic/batches.ts';
import { clients } from '#adapters/anthropic/providers.ts';
import { speaking } from '#adapters/anthropic/speak.ts';
import { ROLES } from '#core/agents/roles.ts';
import type { BatchTrouble } from '#local/model/batches.ts';
import { KEY, openModelWith } from '../local/model/open.ts';
import { memoryBatchIntents } from '../support/memory-batch-intents.ts';
import { openPurse } from '../support/purse.ts';

const NAMES = ['first', 'second', 'third', 'fourth'];

function item(name: string) {
  const messages = [{ role: 'user' as const, content: [{ type: 'text' as const, text: `Look at ${name}` }] }];
  return { customId: name, draft: { role: 'lead' as const, system: 's', messages, maxTokens: 2_000 } };
}

interface Told extends Partial<BatchWork> {
  /** Steps. */
  unwantedAfter?: number;
}

/** Steps through a batch as whoever waits between them does; a wait takes no time here. */
async function stepped(trouble: BatchTrouble, { unwantedAfter = 1_000, ...more }: Told = {}) {
  const model = await openModelWith(trouble, {
    match: { captures: { name: 'Look at (\\w+)' } },
    turns: [{ content: [{ type: 'text', text: 'It is {{name}}.' }] }],
  });
  const { purse, rows, reserved } = openPurse();
  let now = Date.now();
  const site = { roles: ROLES, clock: { now: () => new Date(now) }, purse };
  const access = { apiKey: KEY, baseUrl: model.baseURL };
  const client = batchClient({ ...site, access, intents: memoryBatchIntents() });
  const answers: Record<string, unknown> = {};
  const waits: number[] = [];
  const onAnswer: BatchWork['onAnswer'] = async (customId, { content: [block] }) => {
    answers[customId] = block?.type === 'text' ? block.text : undefined;
  };
  const work = { id: 'many', items: NAMES.map(item), onAnswer, ...more };
  const stage = { client, clock: site.clock, speak: speaking({ ...site, send: clients(access) }) };
  let steps = 0;
  try {
    let progress: BatchProgress | undefined;
    do {
      const asked = { ...work, isUnwanted: steps++ >= unwantedAfter };
      progress = await batchStep(stage, asked, progress);
      if (progress.waitSeconds) waits.push(progress.waitSeconds);
      now += (progress.waitSeconds ?? 0) * 1_000;
      progress = JSON.parse(JSON.stringify(progress)) as BatchProgress;
    } while (progress.waitSeconds !== undefined);
    expect(rows.map(({ id }) => id).sort()).toEqual(reserved.map(({ id }) => id).sort());
    return { answers, waits, rows, ...progress };
  } finally {
    await model.close();
  }
}

const all = Object.fromEntries(NAMES.map((name) => [name, `It is ${name}.`]));

/** What goes wrong with a batch, and the end that a user would want. */
export const BATCHES: Record<string, () => Promise<void>> = {
  'batch: healthy, out of order': async () => {
    const { answers, left, waits, rows } = await stepped({ looks: 3 });

    expect({ answers, left, waits }).toEqual({ answers: all, left: [], waits: [60, 120, 300, 600] });
    expect(rows.filter(({ batchId }) => batchId)).toHaveLength(3);
  },
  'batch: malformed question': async () => {
    const items = NAMES.map(item).map((one) => ({ ...one, draft: { ...one.draft, maxTokens: 0.5 } }));

    await expect(stepped({}, { items })).rejects.toMatchObject({ code: 'Invalid' });
  },
  'batch: lost create response': async () => {
    const { answers, round } = await stepped({ lostCreates: 1 });

    expect({ answers, round }).toEqual({ answers: all, round: 1 });
  },
  'batch: missing item': async () => {
    const { answers, round, rows } = await stepped({ fates: { third: 'missing' }, fatal: 1 });

    expect({ answers, round }).toEqual({ answers: all, round: 2 });
    expect(rows.filter(({ status }) => status === 'unknown').map(({ customId }) => customId)).toEqual([
      'third',
    ]);
  },
  'batch: errored and expired': async () => {
    const { answers, round } = await stepped({ fates: { second: 'errored', third: 'expired' }, fatal: 2 });

    expect({ answers, round }).toEqual({ answers: all, round: 3 });
  },
  'batch: errored, for good': async () => {
    const { answers, left, round } = await stepped({ fates: { second: 'errored' } });

    expect({ answers: Object.keys(answers), round }).toEqual({
      answers: ['first', 'fourth', 'third'],
      round: 3,
    });
    expect(left).toEqual([{ customId: 'second', why: 'no answer in 3 batches' }]);
  },
  'batch: foreign results host': async () => {
    await expect(stepped({ resultsHost: 'elsewhere.example' })).rejects.toMatchObject({
      code: 'Unauthorized',
    });
  },
  'batch: ended late': async () => {
    const { answers, left, waits } = await stepped({ looks: 1_000 });

    expect(answers).toEqual({ first: 'It is first.' });
    expect(left.map(({ why }) => why)).toEqual(
      Array(3).fill('the batch was cancelled before it was answered'),
    );
    const hours = waits.reduce((sum, wait) => sum + wait, 0) / 3_600;
    expect(hours).toBeGreaterThan(24.5);
    expect(hours).toBeLessThan(26);
  },
  'batch: no longer wanted': async () => {
    const { answers, left, rows, waits } = await stepped({ looks: 1_000 }, { unwantedAfter: 4 });

    expect(waits).toEqual([60, 120, 300, 60]);
    expect(Object.keys(answers)).toEqual(['first']);
    expect(left).toHaveLength(3);
    expect(rows.filter(({ nanoUsd }) => nanoUsd > 0)).toHaveLength(1);
  },
};
