import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affordable, PRICE_VERSION, price, requestTokens, tokensOf, worstCase } from '#core/agents/prices.ts';
import { ROLES } from '#core/agents/roles.ts';

const NOW = new Date('2026-11-20');

describe('price', () => {
  it.each([
    ['claude-opus-5-5', { input_tokens: 1_000_000, output_tokens: 0 }, 4_000_000_000],
    ['claude-opus-5-5', { input_tokens: 0, output_tokens: 1 }, 20_000],
    ['claude-sonnet-5-5', { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 10 }, 1_000],
    ['claude-haiku-5-5', { input_tokens: 100_000, output_tokens: 10 }, 10_005_000],
    ['claude-haiku-5-5', { input_tokens: 100_001, output_tokens: 10 }, 50_025_500],
    ['claude-haiku-5-5', { input_tokens: 1, output_tokens: 0, cache_read_input_tokens: 100_000 }, 5_000_500],
    ['MiniMax-M3', { input_tokens: 512_000, output_tokens: 1 }, 153_601_200],
    ['MiniMax-M3', { input_tokens: 512_000, output_tokens: 1, cache_read_input_tokens: 1 }, 307_202_520],
    ['claude-haiku-4-5-20251001', { input_tokens: 1, output_tokens: 1 }, 6_000],
  ])('of %s is whole nano-dollars', (model, usage, nanoUsd) => {
    expect(price(usage, model, NOW)).toBe(nanoUsd);
  });

  it('tells cache writes of an hour from those of five minutes', () => {
    const usage = {
      ...{ input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 30 },
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
    };

    expect(price(usage, 'claude-opus-5-5', NOW)).toBe(10 * 5_000 + 20 * 8_000);
  });

  it('is the one of its day', () => {
    const usage = { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 1 };
    const on = (day: string) => price(usage, 'claude-sonnet-5-5', new Date(day));

    expect([on('2026-10-06'), on('2026-10-07')]).toEqual([200, 100]);
  });

  it.each([
    ['an unknown model', 'claude-fable-5-2', {}],
    ['fast mode', 'claude-opus-5-5', { speed: 'fast' }],
    ['a place', 'claude-opus-5-5', { inference_geo: 'us' }],
    ['a tier', 'claude-opus-5-5', { service_tier: 'priority' }],
    ['searches', 'claude-opus-5-5', { server_tool_use: { web_search_requests: 1 } }],
  ])('refuses %s', (_, model, more) => {
    expect(() => price({ input_tokens: 1, output_tokens: 1, ...more }, model, NOW)).toThrow(/not known/);
  });

  it('is half in a batch, never less than half a nano-dollar short', () => {
    const usage = { input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 1 };
    const halved = { ...usage, service_tier: 'batch' };

    expect(price(halved, 'claude-opus-5-5', NOW)).toBe(2_500);
    expect(price(halved, 'claude-haiku-5-5', NOW)).toBe(63);
  });

  it('adds rounds of other kinds, each at its own model, and no thinking twice', () => {
    const tokens = { input_tokens: 1_000, output_tokens: 10 };
    const iterations = [
      { type: 'message', ...tokens },
      { type: 'compaction', ...tokens },
      { type: 'advisor_message', model: 'claude-haiku-5-5', ...tokens },
    ];
    const usage = { ...tokens, iterations, output_tokens_details: { thinking_tokens: 9 } };
    const one = price(tokens, 'claude-opus-5-5', NOW);

    expect(price(usage, 'claude-opus-5-5', NOW)).toBe(2 * one + price(tokens, 'claude-haiku-5-5', NOW));
  });

  it('is whole and never more than the worst case, whatever was used', () => {
    const count = fc.integer({ min: 0, max: 400_000 });
    const model = fc.constantFrom('claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5', 'MiniMax-M3');
    fc.assert(
      fc.property(
        model,
        count,
        count,
        count,
        count,
        fc.boolean(),
        (name, fresh, written, read, output, isBatch) => {
          const hour = Math.floor(written / 3);
          const usage = {
            ...{ input_tokens: fresh, output_tokens: output, cache_creation_input_tokens: written },
            cache_creation: { ephemeral_5m_input_tokens: written - hour, ephemeral_1h_input_tokens: hour },
            ...{ cache_read_input_tokens: read, service_tier: isBatch ? 'batch' : 'standard' },
          };
          const cost = price(usage, name, NOW);
          expect(Number.isSafeInteger(cost)).toBe(true);
          const most = worstCase(fresh + written + read, output, { model: name, at: NOW, isBatch });
          expect(cost).toBeLessThanOrEqual(most);
        },
      ),
    );
  });

  it('names the table that it comes from by its newest day and a checksum', () => {
    expect(PRICE_VERSION).toMatch(/^2026-10-07\+[0-9a-f]{12}$/);
  });

  it('is known for every role', () => {
    for (const { model } of Object.values(ROLES))
      expect(worstCase(1, 1, { model, at: NOW })).toBeGreaterThan(0);
  });
});

it('never lets an answer cost more than is left', () => {
  for (const left of [0, 1_000_000, 77_777_777, 5_000_000_000]) {
    const by = { model: 'claude-opus-5-5', at: NOW };
    const tokens = affordable(left, 2_000, by);
    if (tokens >= 0) expect(worstCase(2_000, tokens, by)).toBeLessThanOrEqual(left);
    expect(worstCase(2_000, tokens + 1, by)).toBeGreaterThan(left);
  }
});

it('takes no text for fewer tokens than it can have', () => {
  expect(tokensOf('x'.repeat(298))).toBe(100);
  expect(tokensOf('注文が届かない')).toBeGreaterThanOrEqual('注文が届かない'.length * 3);
});

it('takes a request for no less than its text, whatever is sized again', () => {
  const messages = ['a', 'ü', 'x'.repeat(1_000)].map((content) => ({ role: 'user', content }));
  const rest = { system: 'Be brief', tools: undefined };
  const first = requestTokens({ ...rest, messages });

  expect(first).toBeGreaterThanOrEqual(tokensOf(messages.map(({ content }) => content).join('')));
  expect(first).toBeLessThan(tokensOf({ ...rest, messages }) + 2 * messages.length);
  expect(requestTokens({ ...rest, messages: [...messages, { role: 'user', content: 'x' }] })).toBeGreaterThan(
    first,
  );
  expect(requestTokens({ ...rest, messages })).toBe(first);
});
