import { describe, expect, it } from 'vitest';
import { price } from '#core/agents/prices.ts';
import { ROLES } from '#core/agents/roles.ts';
import { BATCHES } from './batch-scenarios.ts';
import { type Play, type Played, played } from './stage.ts';

/** Everything that is known to go wrong at a provider, or to look as if it did. A name without an entry below fails. */
const KNOWN = `
healthy
drip
split inside a character and between line breaks
lines that end in CRLF
stall before headers
stall before headers, for good
stall after message_start
stall in the middle of a call
only pings
an answer without an end
truncation without message_stop
event: error
connection reset
429 with retry-after 1
429 with retry-after 86400
429 with a date
429 with a date of tomorrow
529 burst
529, for good
400
401
402
413
refusal with content
refusal without content
max_tokens in the middle of a call
pause_turn
context exceeded
unknown stop_reason
unknown block type
parallel calls
wrong arguments
unknown tool
unsigned thinking
unsigned thinking, elsewhere
dropped calls with end_turn
dropped calls with tool_use
cumulative usage
usage in iterations
cache hit
cache hit after many calls
cache miss
batch: healthy, out of order
batch: malformed question
batch: lost create response
batch: missing item
batch: errored and expired
batch: errored, for good
batch: foreign results host
batch: ended late
batch: no longer wanted
`
  .trim()
  .split('\n');

const call = (name: string, input: object = {}) => ({ type: 'tool_use', name, input });
const say = (text: string) => ({ type: 'text', text });
const HANDOVER = { summary: 'Short pages no longer end the sync, whatever their size', rootCause: 'x' };
const finish = { content: [call('finish', { ...HANDOVER, changes: [], tests: [], risks: [] })] };
const verify = { content: [call('verify')] };

interface Scenario extends Omit<Play, 'turns'> {
  /** Without, the model verifies and hands over. */
  turns?: object[];
  /** How the run ends: with a handover, unless it stops in these words. */
  stops?: RegExp;
  requests?: number;
  verified?: number;
  /** What the model was told in its last request. */
  told?: RegExp;
  check?: (found: Played) => void | Promise<void>;
}

const waiting = (after: number | string) => ({ status: 429, headers: { 'retry-after': String(after) } });
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toUTCString();
const costOf = ({ rows }: Played) => rows.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
const healthy = () => played({ turns: [verify, finish] });

const SCENARIOS: Record<string, Scenario> = {
  healthy: { requests: 2, verified: 1 },
  drip: { trouble: { drip: 7 }, requests: 2, verified: 1 },
  'split inside a character and between line breaks': {
    turns: [{ content: [say('häßlich 🚂\n\nist es'), call('verify')] }, finish],
    trouble: { drip: 1 },
    requests: 2,
    check: ({ sent }) => expect(JSON.stringify(sent[1])).toContain('häßlich 🚂\\n\\nist es'),
  },
  'lines that end in CRLF': { trouble: { crlf: true }, requests: 2, verified: 1 },
  'stall before headers': {
    trouble: { stall: 'headers' },
    clears: 1,
    patience: { headers: 500 },
    verified: 1,
  },
  'stall before headers, for good': {
    trouble: { stall: 'headers' },
    patience: { headers: 500 },
    stops: /cannot be reached/,
    requests: 3,
  },
  'stall after message_start': {
    trouble: { stall: 'start' },
    clears: 1,
    patience: { idle: 500 },
    verified: 1,
  },
  'stall in the middle of a call': {
    turns: [finish],
    trouble: { stall: 'input' },
    clears: 1,
    patience: { idle: 500 },
  },
  'only pings': { trouble: { stall: 'pings' }, clears: 1, patience: { silent: 500 }, verified: 1 },
  'an answer without an end': {
    trouble: { stall: 'pings' },
    route: { turnSeconds: 3 },
    stops: /did not answer/,
    requests: 1,
  },
  'truncation without message_stop': { trouble: { drop: 'end' }, clears: 1, requests: 3, verified: 1 },
  'event: error': { trouble: { event: 'Overloaded' }, clears: 1, requests: 3, verified: 1 },
  'connection reset': { turns: [finish], trouble: { drop: 'input' }, clears: 1, requests: 2 },
  '429 with retry-after 1': { trouble: waiting(1), clears: 1, requests: 3, verified: 1 },
  '429 with retry-after 86400': { trouble: waiting(86_400), stops: /takes nothing before/, requests: 1 },
  '429 with a date': { trouble: waiting(inSeconds(2)), clears: 1, requests: 3, verified: 1 },
  '429 with a date of tomorrow': {
    trouble: waiting(inSeconds(86_400)),
    stops: /takes nothing before/,
    requests: 1,
  },
  '529 burst': { trouble: { status: 529 }, clears: 4, requests: 6, verified: 1 },
  '529, for good': { trouble: { status: 529 }, stops: /529/, requests: 3 },
  400: { trouble: { status: 400, message: 'No' }, stops: /answered 400: No/, requests: 1 },
  401: { trouble: { status: 401 }, stops: /401/, requests: 1 },
  402: { trouble: { status: 402 }, stops: /402/, requests: 1 },
  413: { trouble: { status: 413 }, stops: /413/, requests: 1 },
  'refusal with content': {
    turns: [{ content: [say('No.')], stop_reason: 'refusal' }],
    stops: /declined/,
    requests: 1,
    check: (found) => expect(costOf(found)).toBeGreaterThan(0),
  },
  'refusal without content': {
    turns: [{ content: [], stop_reason: 'refusal' }],
    stops: /declined/,
    requests: 1,
  },
  'max_tokens in the middle of a call': {
    turns: [{ ...finish, stop_reason: 'max_tokens' }, verify, finish],
    trouble: { cut: true },
    verified: 1,
    check: ({ sent }) =>
      expect(JSON.stringify(sent[1]?.at(-1))).toMatch(/cut off here, so this call was not made/),
  },
  pause_turn: {
    turns: [
      {
        content: [say('Hm.'), { type: 'server_tool_use', id: 'x', name: 'x', input: {} }],
        stop_reason: 'pause_turn',
      },
      verify,
      finish,
    ],
    requests: 3,
    verified: 1,
  },
  'context exceeded': {
    turns: [{ content: [say('So')], stop_reason: 'model_context_window_exceeded' }],
    stops: /too long/,
    requests: 1,
  },
  'unknown stop_reason': {
    turns: [{ content: [say('So')], stop_reason: 'x_bored' }],
    stops: /not known/,
    requests: 1,
  },
  'unknown block type': {
    turns: [{ content: [{ type: 'x_unheard_of', data: [1] }, call('verify')] }, finish],
    verified: 1,
    check: ({ sent }) => expect(sent[1]?.at(-2)?.content[0]).toEqual({ type: 'x_unheard_of', data: [1] }),
  },
  'parallel calls': {
    turns: [{ content: [call('verify'), call('verify')] }, finish],
    requests: 2,
    verified: 2,
    check: ({ sent, atOnce }) => {
      expect(atOnce).toBe(1);
      expect(sent[1]?.at(-1)?.content).toHaveLength(2);
    },
  },
  'wrong arguments': { turns: [{ content: [call('read', { path: 5 })] }, finish], told: /expected string/ },
  'unknown tool': {
    turns: [{ content: [call('deploy')], invents: true }, finish],
    told: /There is no tool \\"deploy\\"/,
  },
  'unsigned thinking': {
    turns: [{ content: [{ type: 'thinking', thinking: 'Hm', unsigned: true }, call('verify')] }, finish],
    stops: /Invalid `signature`/,
    requests: 2,
  },
  'unsigned thinking, elsewhere': {
    turns: [{ content: [{ type: 'thinking', thinking: 'Hm', unsigned: true }, call('verify')] }, finish],
    route: { provider: 'openrouter' },
    verified: 1,
    check: ({ sent }) => expect(JSON.stringify(sent[1])).not.toContain('"thinking"'),
  },
  'dropped calls with end_turn': {
    turns: Array.from({ length: 30 }, () => ({ content: [say('I have called verify.')] })),
    stops: /circles/,
    verified: 0,
    check: ({ sent, rows, struck }) => {
      expect(sent.length).toBeLessThan(15);
      expect(struck).toHaveLength(3);
      expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining(struck));
    },
  },
  'dropped calls with tool_use': {
    turns: [{ content: [say('I call verify.')], stop_reason: 'tool_use' }],
    stops: /dropped the tool calls/,
    requests: 1,
  },
  'cumulative usage': {
    trouble: { reports: true },
    check: async (found) => expect(costOf(found)).toBe(costOf(await healthy())),
  },
  'usage in iterations': {
    turns: [
      { ...verify, usage: { iterations: [{ type: 'compaction', input_tokens: 1_000, output_tokens: 10 }] } },
      finish,
    ],
    check: async (found) => {
      const extra = price({ input_tokens: 1_000, output_tokens: 10 }, ROLES.engineer.model, new Date());
      expect(costOf(found)).toBe(costOf(await healthy()) + extra);
    },
  },
  'cache hit': {
    turns: [verify, verify, verify, finish],
    check: (found) => {
      expect(reread(found)).toEqual([0, 0, 0]);
      expect(found.rows.map(({ inputTokens }) => inputTokens)).toEqual([0, 0, 0, 0]);
      expect(found.rows.some(({ cacheMissedTokens }) => cacheMissedTokens)).toBe(false);
    },
  },
  'cache hit after many calls': {
    turns: [
      verify,
      { content: [...'abcdefghijklmno'].map((letter) => call('search', { pattern: letter })) },
      finish,
    ],
    check: (found) => expect(reread(found)).toEqual([0, 0]),
  },
  'cache miss': {
    turns: [verify, { ...verify, usage: { cache_read_input_tokens: 0 } }, finish],
    check: ({ rows }) =>
      expect(rows.map(({ cacheMissedTokens: missed = 0 }) => missed > 0)).toEqual([false, true, false]),
  },
};

/** Prompt tokens of each answer that did not come from the cache, apart from what that answer's turn added. */
const reread = ({ rows }: Played) =>
  rows.slice(1).map(({ cacheReadTokens }, index) => {
    const before = rows[index];
    return (before?.cacheReadTokens ?? 0) + (before?.cacheWriteTokens ?? 0) - cacheReadTokens;
  });

describe.concurrent('a provider in trouble', () => {
  it.each(KNOWN)('%s', { timeout: 60_000 }, async (name) => {
    const batch = BATCHES[name];
    if (batch) return batch();
    const scenario = SCENARIOS[name];
    if (!scenario) throw new Error(`Nothing tests "${name}"`);
    const { turns = [verify, finish], stops, requests, verified, told, check, ...play } = scenario;
    const found = await played({ turns, ...play });

    if (stops) expect(found.ending).toEqual({ stopped: expect.stringMatching(stops) });
    else expect(found.ending).toMatchObject({ handover: HANDOVER });
    if (requests) expect(found.reserved).toHaveLength(requests);
    if (verified !== undefined) expect(found.verified).toBe(verified);
    if (told) expect(JSON.stringify(found.sent.at(-1)?.at(-1))).toMatch(told);
    // A request that is given up early may never be read.
    expect(found.reserved.length).toBeGreaterThanOrEqual(found.sent.length);
    expect(found.rows.map(({ id }) => id).sort()).toEqual(found.reserved.map(({ id }) => id).sort());
    await check?.(found);
  });

  it('has no scenario that is not listed', () => {
    expect(Object.keys({ ...SCENARIOS, ...BATCHES }).filter((name) => !KNOWN.includes(name))).toEqual([]);
  });
});
