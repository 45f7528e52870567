import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { replay } from '#core/agents/conversation.ts';
import type { Entry } from '#core/agents/journal.ts';
import type { Block, Model, Turn } from '#core/agents/model.ts';
import { ROLES, routeOf } from '#core/agents/roles.ts';
import { Fault } from '#core/fault.ts';
import type { Run } from '#core/runs/run.ts';
import { HANDOVER, lastText, play, replyOf, type Said, type Told, type Use } from './play.ts';

const BRIEF: Entry = {
  ...{ type: 'note', kind: 'brief', text: 'Mend it', mark: '0123', route: routeOf('engineer') },
};

describe('the loop', () => {
  it('hands over, and its journal replays to what was sent', async () => {
    const { ending, lines, turns } = await play([[['bash']], 'Well', [['edit'], ['read']], [['finish']]]);

    expect(ending).toEqual({ handover: HANDOVER });
    const intents = lines.flatMap((line, index) => (line.type === 'request_intent' ? [index] : []));
    expect(intents.map((index) => replay(lines.slice(0, index)).messages)).toEqual(
      turns.map(({ messages }) => messages),
    );
  });

  it.each<[string, Said, RegExp]>([
    ['a refusal', { stop: 'refusal' }, /declined/],
    ['a full context', { stop: 'model_context_window_exceeded' }, /too long/],
    ['a reason that nobody knows', { content: [{ type: 'text', text: 'x' }], stop: 'unknown' }, /not known/],
    ['an answer without anything', { stop: 'end_turn' }, /answered nothing/],
    ['a request that is refused', new Fault('Invalid', 'No such tool'), /No such tool/],
    ['an empty purse', new Fault('OverBudget', 'The budget is used up'), /used up/],
  ])('ends with words after %s', async (_, said, words) => {
    expect(await play([said])).toMatchObject({ ending: { stopped: expect.stringMatching(words) } });
  });

  it('makes no call of an answer that was cut off', async () => {
    const cut = { content: replyOf([['bash']]).content, stop: 'max_tokens' as const };
    const { used, turns } = await play([cut, [['finish']]]);

    expect(used).toEqual(['finish']);
    expect(lastText(turns[1]?.messages)).toMatch(/cut off/);
  });

  it('asks a model that cannot be reached again, in writing', async () => {
    const { lines, turns } = await play([new Fault('Unavailable', 'It is overloaded'), [['finish']]]);

    expect(lines.filter(({ type }) => type === 'request_intent')).toMatchObject([
      { type: 'request_intent' },
      { because: 'It is overloaded' },
    ]);
    expect(turns[1]?.messages).toEqual(turns[0]?.messages);
  });

  it('asks for an answer that breaks off four times at most, each time in writing', async () => {
    let sent = 0;
    const converse = async ({ onRepeat }: Turn) => {
      for (sent++; ; sent++) {
        if (sent % 3 === 0) throw new Fault('Unavailable', 'It broke off');
        await onRepeat?.('It broke off');
      }
    };
    const { ending, lines } = await play([], { model: { converse } as unknown as Model });

    expect(ending).toMatchObject({ stopped: expect.stringMatching(/broke off again and again/) });
    expect(sent).toBe(4);
    expect(lines.filter(({ type }) => type === 'request_intent')).toHaveLength(4);
  });

  it('says when half, a quarter and a tenth is left, once each', async () => {
    const spend = (nanoUsd: number): Said => ({ ...replyOf([['edit', { nanoUsd }]]), nanoUsd });
    const script = [
      spend(300e6),
      spend(300e6),
      spend(200e6),
      spend(50e6),
      spend(60e6),
      [['finish']] as Use[],
    ];
    const { lines } = await play(script, { budget: 1_000_000_000 });

    expect(lines.flatMap((line) => (line.type === 'note' && line.told ? [line.told] : []))).toEqual([
      1, 2, 3,
    ]);
  });

  it('nudges, begins anew, and stops what goes round in circles', async () => {
    const same: Said[] = Array.from({ length: 30 }, () => [['read', { path: 'a' }]]);
    const { ending, lines, turns } = await play(same, { tool: async () => ({ text: 'the same' }) });

    expect(ending).toMatchObject({ stopped: expect.stringMatching(/circles/) });
    expect(lines.find(({ type }) => type === 'compaction')).toMatchObject({ effort: 'high' });
    expect(turns.map(({ effort }) => effort)).toEqual([
      ...turns.filter(({ effort }) => !effort).map(() => undefined),
      ...turns.filter(({ effort }) => effort).map(() => 'high'),
    ]);
    expect(lines.filter((line) => line.type === 'note' && line.kind === 'nudge')).toHaveLength(2);
  });
});

describe('a limit', () => {
  const { engineer } = ROLES;
  const bash: Use[] = [['bash']];

  it.each<[string, Said[], Told, RegExp, number]>([
    ['steps', [bash, bash], { role: { ...engineer, maxSteps: 2 } }, /2 steps/, 2],
    ['money', [{ ...replyOf(bash), nanoUsd: 2e9 }], { budget: 2e9 }, /2 USD/, 1],
    [
      'tokens',
      [{ ...replyOf(bash), tokens: 100 }],
      { role: { ...engineer, maxTotalTokens: 100 } },
      /100 tokens/,
      1,
    ],
    ['time', [], { before: [BRIEF], at: '2026-11-20T10:00:00.000Z' }, /12,600 seconds/, 0],
    [
      'time of tools',
      [[...bash, ...bash]],
      { role: { ...engineer, maxHelperSeconds: 0.001 } },
      /seconds of tools/,
      1,
    ],
  ])('of %s ends the work, with words', async (_, script, work, words, used) => {
    const played = await play(script, { tool: () => sleep(2, { text: '' }), ...work });

    expect(played.ending).toMatchObject({ stopped: expect.stringMatching(words) });
    expect(played.used).toHaveLength(used);
  });

  it.each(['up', 'down'] as const)('of bytes that go %s ends it between two calls', async (way) => {
    const carried = { up: 0, down: 0 };
    const tool = async () => {
      carried[way] += 3e9;
      return { text: 'Carried' };
    };
    const { ending, used, lines } = await play([[...bash, ...bash]], { carried, tool });

    expect(ending).toMatchObject({ stopped: expect.stringMatching(/used up its .*0 bytes/) });
    expect(used).toEqual(['bash']);
    expect(replay(lines).used).toMatchObject({ [way === 'up' ? 'sent' : 'received']: 3e9 });
  });
});

describe('a conversation', () => {
  const long = (tokens: number): Said => ({ ...replyOf([['edit']]), tokens });

  it('begins anew at 60 % of its window, by the count of the last answer', async () => {
    const { turns } = await play([long(119_999), long(120_001), [['finish']]]);

    expect(turns.map(({ messages }) => messages.length)).toEqual([1, 3, 1]);
    expect(lastText(turns[2]?.messages)).toMatch(/Mend it.*Where it stands/);
  });

  it('begins anew, once, when the model says that it is too long', async () => {
    const full = { content: [], stop: 'model_context_window_exceeded' as const };
    const { ending, turns } = await play([long(10), full, full]);

    expect(turns.map(({ messages }) => messages.length)).toEqual([1, 3, 1]);
    expect(ending).toMatchObject({ stopped: expect.stringMatching(/too long/) });
  });
});

describe('people', () => {
  const steering =
    (...said: Partial<Run>[]) =>
    async () =>
      (said.length > 1 ? said.shift() : said[0]) ?? {};
  const told = { id: 'm1', at: '2026-11-20T10:00:00.000Z', by: 'Dana', text: 'Look at the client' };

  it('are heard once, with the next result', async () => {
    const { turns } = await play([[['bash']], [['edit']], [['finish']]], {
      steering: steering({}, { instructions: [told] }),
    });

    expect(turns[1]?.messages.at(-1)?.content).toMatchObject([
      { type: 'tool_result', content: expect.stringMatching(/Dana says: Look at the client/) },
    ]);
    expect(JSON.stringify(turns[2]?.messages).match(/Dana says/g)).toHaveLength(1);
  });

  it('stop a run before its next question', async () => {
    const control = { wish: 'stop', by: 'Dana', at: told.at } as const;
    const { ending, turns } = await play([[['bash']]], { steering: steering({}, { control }) });

    expect(ending).toEqual({ stopped: 'Dana stopped it' });
    expect(turns).toHaveLength(1);
  });

  it('pause a run, and let it go on', async () => {
    const control = (wish: 'pause' | 'resume') => ({ control: { wish, by: 'Dana', at: told.at } });
    const asked = { turns: 0 };
    const { ending } = await play([[['finish']]], {
      steering: steering(control('pause'), { ...control('resume'), instructions: [told] }),
      onProgress: () => asked.turns++,
    });

    expect(ending).toEqual({ handover: HANDOVER });
    expect(asked.turns).toBeGreaterThan(0);
  });
});

describe('after a restart', () => {
  const intent: Entry = { type: 'request_intent', hash: 'h', maxTokens: 1 };
  const called = (name: string): Entry[] => {
    const content: Block[] = [{ type: 'tool_use', id: 'call_0', name, input: {} }];
    return [
      BRIEF,
      intent,
      { type: 'response', reply: { content, stop: 'tool_use', nanoUsd: 1, tokens: 0 } },
      { type: 'tool_intent', call: 'call_0', name },
    ];
  };

  it('a command that was begun is not run again: the model is told to look', async () => {
    const { used, turns } = await play([[['finish']]], { before: called('bash') });

    expect(used).toEqual(['finish']);
    expect(turns[0]?.messages.at(-1)?.content).toMatchObject([
      { is_error: true, content: expect.stringMatching(/Interrupted by a restart[\s\S]*restarted/) },
    ]);
  });

  it.each(['read', 'search', 'verify', 'edit'])(
    '%s is done again: the work tree went back too',
    async (name) => {
      const { used } = await play([[['finish']]], { before: called(name) });

      expect(used).toEqual([name, 'finish']);
    },
  );

  it('a request without an answer is sent again as it was, and counted as of unknown fate', async () => {
    const { lines, turns } = await play([[['finish']]], { before: [BRIEF, intent] });

    expect(turns[0]?.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Mend it' }] }]);
    expect(lines.find((line) => line.type === 'request_intent' && line.because)).toMatchObject({
      because: 'restart',
    });
    expect(replay(lines).unknown).toBe(1);
  });

  it('another model begins anew: it could not read what the first one thought', async () => {
    const role = { ...ROLES.engineer, model: 'claude-opus-5' };
    const first = await play([[['finish']]], { before: called('read'), role });
    const before = first.lines
      .slice(0, -1)
      .map(({ seq: _, at: __, prevHash: ___, ...line }) => line as Entry);
    const second = await play([[['finish']]], { before, role });

    expect(first.turns.map(({ messages }) => messages.length)).toEqual([1]);
    expect(lastText(first.turns[0]?.messages)).toMatch(/Mend it.*Where it stands.*restarted/);
    expect(replay(first.lines).ties).toEqual({ mark: '0123', route: 'anthropic/claude-opus-5' });
    expect(second.lines.filter(({ type }) => type === 'compaction')).toHaveLength(1);
  });

  it('an ending is an ending', async () => {
    const { ending, turns } = await play([], {
      before: [BRIEF, { type: 'end', ending: { stopped: 'Dana stopped it' } }],
    });

    expect({ ending, turns }).toEqual({ ending: { stopped: 'Dana stopped it' }, turns: [] });
  });

  it('the breaker remembers: a loop is not forgiven by a crash', async () => {
    const loop: Said[] = Array.from({ length: 30 }, () => [['read', { path: 'a' }]]);
    const tool = async () => ({ text: 'the same' });
    const whole = await play([...loop], { tool });
    const half = whole.lines.slice(0, Math.floor(whole.lines.length / 2));
    const before = half.map(({ seq: _, at: __, prevHash: ___, ...entry }) => entry as Entry);
    const rest = await play([...loop], { tool, before });

    expect(rest.ending).toEqual(whole.ending);
  });
});

it('uses no tool but those of its role', async () => {
  const role = { ...ROLES.engineer, tools: ['read', 'finish'] as const };
  const { turns, used } = await play([[['bash']], [['finish']]], { role });

  expect(turns[0]?.tools.map(({ name }) => name)).toEqual(['read', 'finish']);
  expect(used).toEqual(['finish']);
  expect(lastText(turns[1]?.messages)).toMatch(/There is no tool .{2}bash/);
});
