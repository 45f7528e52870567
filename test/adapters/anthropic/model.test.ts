import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { anthropicModel } from '#adapters/anthropic/model.ts';
import type { Purse } from '#core/agents/spend.ts';
import { ENGINEER_TOOLS } from '#core/agents/tools.ts';
import { scriptedModel } from '#local/model/model.ts';
import { openPurse } from '../../support/purse.ts';

const KEY = 'key-of-the-test';
const Answer = z.object({ type: z.enum(['bug', 'question']), confidence: z.number().min(0).max(1) });
const GOOD = { type: 'bug', confidence: 0.9 };

let folder: string;
let server: Server;
let baseUrl: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-model-'));
  const play = scriptedModel({ folder, key: KEY });
  server = createServer((request, response) => void play(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

/** A model for one scripted conversation, and the rows it wrote. */
function scripted(
  name: string,
  turns: object[],
  {
    apiKey = KEY,
    idle = 300,
    silent = 600,
    nanoUsd = 1e12,
    races = 0,
    around = (purse: Purse) => purse,
  } = {},
) {
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ match: { user: [`<${name}>`] }, turns }));
  const { purse, rows, reserved } = openPurse(nanoUsd, races);
  const model = anthropicModel({
    ...{ apiKey, baseUrl, patience: { headers: 2_000, idle, silent } },
    clock: { now: () => new Date() },
    purse: around(purse),
  });
  const ask = () =>
    model.ask({
      role: 'triage',
      system: "You are Signalbox's triage role",
      user: `<${name}>`,
      schema: Answer,
    });
  const converse = (signal?: AbortSignal) =>
    model.converse({
      ...{
        role: 'engineer',
        system: "You are Signalbox's engineer",
        tools: ENGINEER_TOOLS,
        maxTokens: 4_000,
        signal,
      },
      messages: [{ role: 'user', content: [{ type: 'text', text: `<${name}>` }] }],
    });
  return { rows, reserved, ask, converse, booked: model.booked };
}

describe('ask', () => {
  it('answers in the shape asked for, with its cost booked', async () => {
    const { ask, rows } = scripted('plain', [{ json: GOOD }]);

    expect(await ask()).toEqual(GOOD);
    expect(rows).toEqual([expect.objectContaining({ role: 'triage', attempt: 1, status: 'settled' })]);
    expect(rows[0]?.nanoUsd).toBeGreaterThan(0);
  });

  it('has what breaks a limit repaired, and pays for both answers', async () => {
    const { ask, rows } = scripted('repair', [{ json: { ...GOOD, confidence: 7 } }, { json: GOOD }]);

    expect(await ask()).toEqual(GOOD);
    expect(rows).toHaveLength(2);
  });

  it('gives up after two repairs', async () => {
    const { ask, rows } = scripted('hopeless', Array(3).fill({ json: { ...GOOD, confidence: 7 } }));

    await expect(ask()).rejects.toMatchObject({
      code: 'Invalid',
      message: expect.stringMatching(/no usable answer/),
    });
    expect(rows).toHaveLength(3);
  });

  it.each([
    ['a refusal', { content: [{ type: 'text', text: 'No.' }], stop_reason: 'refusal' }, 'Invalid'],
    ['a bad request', { trouble: { status: 400 }, json: GOOD }, 'Invalid'],
    ['no credit', { trouble: { status: 402 }, json: GOOD }, 'OverBudget'],
    ['no permission', { trouble: { status: 403 }, json: GOOD }, 'Unauthorized'],
  ])('names %s', async (name, turn, code) => {
    await expect(scripted(name, [turn]).ask()).rejects.toMatchObject({ name: code });
  });

  it('names a wrong key, and what no script covers', async () => {
    await expect(scripted('locked', [{ json: GOOD }], { apiKey: 'wrong' }).ask()).rejects.toThrow(/401/);
    const { rows, ask } = scripted('other', [{ json: GOOD }]);
    rmSync(join(folder, 'other.json'));
    await expect(ask()).rejects.toThrow(/No script covers/);
    expect(rows).toEqual([expect.objectContaining({ nanoUsd: 0 })]);
  });
});

describe('converse', () => {
  const used = {
    content: [{ type: 'tool_use', name: 'read', input: { path: 'a.py' } }],
    stop_reason: 'tool_use',
  };

  it('answers tool calls as they came', async () => {
    const { converse, rows } = scripted('tools', [used]);

    expect(await converse()).toMatchObject({
      stop: 'tool_use',
      content: [{ type: 'tool_use', name: 'read', input: { path: 'a.py' } }],
      nanoUsd: rows[0]?.nanoUsd,
    });
  });

  it('tries again what failed before it began, one row per attempt', async () => {
    const { converse, rows } = scripted('flaky', [{ ...used, trouble: { status: 529, attempts: 1 } }]);

    expect((await converse()).stop).toBe('tool_use');
    expect(rows.map(({ attempt, nanoUsd }) => [attempt, nanoUsd > 0])).toEqual([
      [1, false],
      [2, true],
    ]);
  });

  it.each([
    ['breaks off', { drop: 'content' }],
    ['lacks its end', { drop: 'end' }],
    ['falls silent', { stall: 'content' }],
    ['says nothing but pings', { stall: 'pings' }],
    ['reports an error', { event: 'overloaded_error' }],
  ])('never takes a stream that %s for an answer, and books what it cost', async (name, trouble) => {
    const { converse, rows } = scripted(name, [{ ...used, trouble }]);

    await expect(converse()).rejects.toMatchObject({ code: 'Unavailable' });
    expect(rows).toHaveLength(3);
    for (const row of rows)
      expect(row).toMatchObject({ status: 'estimated', inputTokens: expect.any(Number) });
    expect(rows.every(({ nanoUsd }) => nanoUsd > 0)).toBe(true);
  });

  it('stops at once when told to', async () => {
    const stop = new AbortController();
    const { converse } = scripted('endless', [{ ...used, trouble: { stall: 'headers' } }], { idle: 60_000 });
    setTimeout(() => stop.abort(new Error('enough')), 100);

    await expect(converse(stop.signal)).rejects.toThrow('enough');
  });

  it('gets through when every byte comes alone', async () => {
    const { converse } = scripted('drip', [{ ...used, trouble: { drip: 1 } }]);

    expect((await converse()).stop).toBe('tool_use');
  });
});

describe('money', () => {
  const said = { content: [{ type: 'text', text: 'Done.' }] };

  it('is set aside before each attempt, for at least what that attempt costs', async () => {
    const { converse, rows, reserved } = scripted('claims', [
      { ...said, trouble: { status: 529, attempts: 2 } },
    ]);
    await converse();

    expect(reserved.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(rows.map(({ id }) => id)).toEqual(reserved.map(({ id }) => id));
    for (const row of rows) expect(row.nanoUsd).toBeLessThanOrEqual(reserved[0]?.nanoUsd ?? 0);
    expect(rows.at(-1)).toMatchObject({ status: 'settled', stop: 'end_turn', requestId: expect.any(String) });
  });

  it('shortens an answer to what is left, and asks nothing when that is too little', async () => {
    const { converse, reserved } = scripted('short', [said], { nanoUsd: 60_000_000 });
    await converse();
    expect(reserved[0]?.nanoUsd).toBeLessThanOrEqual(60_000_000);

    const poor = scripted('poor', [said], { nanoUsd: 10_000_000 });
    await expect(poor.converse()).rejects.toMatchObject({ code: 'OverBudget' });
    expect(poor.reserved).toEqual([]);
  });

  it.each([
    ['a speed', { speed: 'fast' }],
    ['a place', { inference_geo: 'us' }],
    ["the provider's searches", { server_tool_use: { web_search_requests: 2 } }],
  ])('is charged at what was set aside, once, when %s has no known price', async (name, usage) => {
    const { converse, rows, reserved } = scripted(`odd ${name}`, [{ ...said, usage }]);

    await expect(converse()).rejects.toThrow(/surcharge whose price is not known/);
    expect(rows).toMatchObject([{ status: 'unpriced', nanoUsd: reserved[0]?.nanoUsd }]);
  });

  it('counts rounds that the counters leave out', async () => {
    const tokens = { input_tokens: 1_000, output_tokens: 100 };
    const iterations = [
      { type: 'message', ...tokens },
      { type: 'compaction', ...tokens },
      { type: 'advisor_message', model: 'claude-haiku-5-5', ...tokens },
    ];
    const plain = scripted('plain rounds', [said]);
    const more = scripted('more rounds', [{ ...said, usage: { iterations } }]);
    await plain.converse();
    await more.converse();

    const extra = (more.rows[0]?.nanoUsd ?? 0) - (plain.rows[0]?.nanoUsd ?? 0);
    const opus = 1_000 * 4_000 + 100 * 20_000;
    expect(extra).toBeGreaterThanOrEqual(opus + 1_000 * 100 + 100 * 500 - 50_000);
    expect(extra).toBeLessThanOrEqual(opus + 1_000 * 100 + 100 * 500 + 50_000);
  });

  it('that others took meanwhile is done without: the answer becomes shorter', async () => {
    const { converse, reserved } = scripted('raced', [said], { races: 1 });
    expect((await converse()).stop).toBe('end_turn');
    expect(reserved).toHaveLength(1);

    const poor = scripted('raced away', [said], { races: 9 });
    await expect(poor.converse()).rejects.toMatchObject({ code: 'OverBudget' });
    expect(poor.reserved).toEqual([]);
  });

  it('is booked beside what follows, and before the next turn sets any aside', async () => {
    const gate = Promise.withResolvers<void>();
    const order: string[] = [];
    const slow = (purse: Purse): Purse => ({
      ...purse,
      reserve: async (claim) => {
        await purse.reserve(claim);
        order.push('reserved');
      },
      settle: async (claim, outcome) => {
        await gate.promise;
        await purse.settle(claim, outcome);
        order.push('booked');
      },
    });
    const { converse, booked } = scripted('beside', [said, said], { around: slow });
    await converse();
    const next = converse();
    order.push('answered');
    gate.resolve();
    await next;
    await booked();

    expect(order).toEqual(['reserved', 'answered', 'booked', 'reserved', 'booked']);
  });

  it('counts what a repair costs apart', async () => {
    const { ask, rows } = scripted('repaid', [{ json: { ...GOOD, confidence: 7 } }, { json: GOOD }]);
    await ask();

    expect(rows.map(({ repair }) => repair)).toEqual([undefined, 1]);
  });
});
