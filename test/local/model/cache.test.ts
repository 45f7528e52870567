import { expect, it } from 'vitest';
import { promptCache } from '#local/model/cache.ts';
import type { Conversation } from '#local/model/request.ts';

type Messages = Conversation['messages'];

const MINUTE = 60_000;
const text = (words: number) => 'word '.repeat(words);
const hour = { cache_control: { type: 'ephemeral', ttl: '1h' } } as const;
const minutes = { cache_control: { type: 'ephemeral' } } as const;
const said = (content: string, mark = {}): Messages[number] => ({
  role: 'user',
  content: [{ type: 'text', text: content, ...mark }],
});
const answer: Messages[number] = { role: 'assistant', content: 'Yes.' };

function asked(messages: Messages, system = text(1_000)): Conversation {
  return { model: 'claude-opus-5-5', system: [{ type: 'text', text: system, ...hour }], messages };
}

it('reads what an earlier request left, and writes the rest for as long as each breakpoint says', () => {
  const cache = promptCache();
  const first = cache(asked([said('Go', minutes)]));
  const second = cache(asked([said('Go'), answer, said(text(500), minutes), answer]));

  expect(first).toMatchObject({ read: 0, fresh: 0 });
  expect(first.written1h).toBeGreaterThan(1_000);
  expect(first.written5m).toBeGreaterThan(0);
  expect(second).toMatchObject({ read: first.written1h + first.written5m, written1h: 0 });
  expect(second.written5m).toBeGreaterThan(500);
  expect(second.fresh).toBeGreaterThan(0);
});

it('finds nothing behind what was changed', () => {
  const cache = promptCache();
  const { written1h } = cache(asked([said('Go', minutes), answer, said('on', minutes)]));

  expect(cache(asked([said('Go!', minutes), answer, said('on', minutes)])).read).toBe(written1h);
  expect(cache(asked([said('Go', minutes)], text(1_001))).read).toBe(0);
});

it('forgets after five minutes, or after an hour, since it was last read', () => {
  let now = 0;
  const cache = promptCache(() => now);
  const request = asked([said(text(500), minutes)]);
  const { written1h, written5m } = cache(request);
  const after = (ms: number) => {
    now += ms;
    return cache(request).read;
  };

  expect(after(4 * MINUTE)).toBe(written1h + written5m);
  expect(after(4 * MINUTE)).toBe(written1h + written5m);
  expect(after(5 * MINUTE)).toBe(written1h);
  expect(after(60 * MINUTE)).toBe(0);
});

it('keeps no prefix that is too short for the model', () => {
  const cache = promptCache();
  const request = asked([said('Go', minutes)], text(500));

  expect(cache(request)).toMatchObject({ read: 0, written1h: 0, written5m: 0 });
  expect(cache(request).read).toBe(0);
  expect(cache({ ...request, model: 'claude-haiku-5-5' }).written1h).toBeGreaterThan(500);
});

it('looks twenty blocks back from a breakpoint, and no further', () => {
  const many = (mark: object) => [
    said('Go', mark),
    ...Array.from({ length: 11 }, () => [answer, said('on')]).flat(),
    said('end', minutes),
  ];
  const read = (mark: object) => {
    const cache = promptCache();
    const first = cache(asked([said('Go', minutes)]));
    return cache(asked(many(mark))).read / (first.written1h + first.written5m);
  };

  expect(read(minutes)).toBe(1);
  expect(read({})).toBeLessThan(1);
});
