import type { MessageParam } from '@anthropic-ai/sdk/resources/messages/messages';
import { afterEach, expect, it } from 'vitest';
import { BASH, KEY, openModel, params } from './open.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function play(...scripts: object[]) {
  const model = await openModel(...scripts);
  open.push(model.close);
  return model;
}

const agent = {
  match: { user: ['Ticket'], captures: { key: '([A-Z]+-\\d+)' } },
  turns: [
    {
      content: [
        { type: 'thinking', thinking: 'Look first.' },
        { type: 'text', text: 'On {{key}} — häßlich 🚂, longer than one piece of a stream would ever be.' },
        { type: 'tool_use', name: 'bash', input: { command: 'ls {{key}}' } },
      ],
    },
    { expect: ['client.py'], content: [{ type: 'text', text: 'Found {{result /(\\w+)\\.py/}}.' }] },
  ],
};

it('plays a conversation with thinking, tools and captured words', async () => {
  const { client } = await play(agent);
  const first = await client().create(params({ tools: [BASH] }));
  const use = first.content.at(-1);
  const result = {
    type: 'tool_result',
    tool_use_id: (use as { id: string }).id,
    content: 'README.md client.py',
  };
  const messages = [
    ...params().messages,
    { role: 'assistant', content: first.content },
    { role: 'user', content: [result] },
  ] as MessageParam[];

  const second = await client().create(params({ tools: [BASH], messages }));

  expect(first).toMatchObject({ stop_reason: 'tool_use', model: 'claude-opus-5-5', role: 'assistant' });
  expect(first.content[0]).toMatchObject({ type: 'thinking', thinking: '' });
  expect(use).toMatchObject({ name: 'bash', input: { command: 'ls ETL-142' } });
  expect(second.content).toMatchObject([{ text: 'Found client.' }]);
  expect(second.stop_reason).toBe('end_turn');
});

it('makes a call again that a restart interrupted, where the script says that it may', async () => {
  const repeating = { ...agent, turns: [{ ...agent.turns[0], repeats: true }, agent.turns[1]] };
  const said = async (turns: { content: unknown[] }[], content: string) => {
    const { client } = await play(repeating);
    const answers = turns.flatMap((turn) => [
      { role: 'assistant', content: turn.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: idOf(turn), content }] },
    ]);
    const messages = [...params().messages, ...answers] as MessageParam[];
    return client().create(params({ tools: [BASH], messages }));
  };
  const idOf = ({ content }: { content: unknown[] }) => (content.at(-1) as { id: string }).id;
  const first = await (await play(repeating)).client().create(params({ tools: [BASH] }));

  const again = await said([first], 'Interrupted by a restart: what it did is unknown.');

  expect(again.content.at(-1)).toMatchObject({ name: 'bash', input: { command: 'ls ETL-142' } });
  await expect(said([first], 'Nothing here')).rejects.toThrow('No script covers');
});

it('streams the same message, whatever the size of the pieces', async () => {
  const dripping = { ...agent, turns: [{ ...agent.turns[0], trouble: { drip: 1 } }] };
  const whole = await (await play(agent)).client().create(params({ tools: [BASH] }));

  const streamed = await (await play(agent))
    .client()
    .stream(params({ tools: [BASH] }))
    .finalMessage();
  const dripped = await (await play(dripping))
    .client()
    .stream(params({ tools: [BASH] }))
    .finalMessage();

  const said = ({ content, usage, stop_reason }: typeof whole) =>
    JSON.parse(JSON.stringify({ content, usage, stop_reason }).replaceAll(/toolu_\w+/g, 'id'));
  expect(said(streamed)).toEqual(said(whole));
  expect(said(dripped)).toEqual(said(whole));
  expect(whole.usage.input_tokens).toBeGreaterThan(20);
  expect(whole.usage.output_tokens).toBeGreaterThan(20);
});

it('answers the same request with the same message', async () => {
  const { client } = await play(agent);

  const [one, other] = await Promise.all([1, 2].map(() => client().create(params({ tools: [BASH] }))));

  expect(one).toEqual(other);
});

it('gives structured output as JSON text', async () => {
  const { client } = await play({ match: {}, turns: [{ json: { kind: 'bug' } }] });
  const properties = { kind: { type: 'string' } };
  const schema = { type: 'object', properties, required: ['kind'], additionalProperties: false };
  const format = { type: 'json_schema' as const, schema };

  const { content } = await client().create(params({ output_config: { format } }));

  expect(content).toMatchObject([{ type: 'text', text: '{"kind":"bug"}' }]);
});

it('counts tokens, and cache reads and writes', async () => {
  const { client } = await play({
    match: {},
    turns: [{ content: [{ type: 'text', text: 'a' }] }, { json: 1 }],
  });
  const long = 'Ticket '.repeat(1_000);
  const cache = { cache_control: { type: 'ephemeral' } as const };
  const begun = [{ role: 'user', content: long }] as MessageParam[];
  const messages = [
    ...begun,
    { role: 'assistant', content: 'a' },
    { role: 'user', content: 'and now?' },
  ] as MessageParam[];
  const { max_tokens: _, ...counted } = params({ messages: begun });

  const { input_tokens } = await client().countTokens(counted);
  const plain = (await client().create(params({ messages: begun }))).usage;
  const first = (await client().create(params({ ...cache, messages: begun }))).usage;
  const second = (await client().create(params({ ...cache, messages }))).usage;

  expect(plain).toMatchObject({ input_tokens, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 });
  expect(first).toMatchObject({ input_tokens: 0, cache_creation_input_tokens: input_tokens });
  expect(second.cache_read_input_tokens).toBe(input_tokens);
});

it('stops at max_tokens', async () => {
  const { client } = await play({
    match: {},
    turns: [{ content: [{ type: 'text', text: 'word '.repeat(200) }] }],
  });

  const { stop_reason, usage } = await client().create(params({ max_tokens: 50 }));

  expect(stop_reason).toBe('max_tokens');
  expect(usage.output_tokens).toBeLessThanOrEqual(50);
});

it.each([
  [
    'no script that fits',
    { user: ['something else'] },
    'No script covers this conversation: model claude-opus-5-5',
  ],
  ['a capture that is not there', { captures: { x: '(nowhere)' } }, 'No script covers'],
  ['another model', { model: 'haiku' }, 'No script covers'],
  ['another system prompt', { system: ['You are'] }, 'No script covers'],
])('refuses a conversation with %s', async (_, match, says) => {
  const { client } = await play({ match, turns: [{ json: 1 }] });

  await expect(client().create(params())).rejects.toMatchObject({
    status: 400,
    type: 'invalid_request_error',
    apiMessage: expect.stringContaining(says),
  });
});

it('refuses to go on when things did not happen as the script expects', async () => {
  const { client } = await play(agent);
  const use = { type: 'tool_use', id: 'toolu_1', name: 'bash', input: {} };
  const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'nothing here' };
  const messages = [
    ...params().messages,
    { role: 'assistant', content: [use] },
    { role: 'user', content: [result] },
  ];

  await expect(client().create(params({ tools: [BASH], messages }))).rejects.toThrow(
    /expects .{0,2}client.py/,
  );
  await expect(client().create(params())).rejects.toThrow(/tool bash, which is not offered/);
});

it.each([
  [529, 'overloaded_error'],
  [429, 'rate_limit_error'],
  [402, 'billing_error'],
  [500, 'api_error'],
])('plays a %s for as many attempts as told', async (status, type) => {
  const trouble = {
    status,
    message: 'scripted',
    attempts: 1,
    headers: { 'retry-after-ms': '1', 'x-should-retry': 'true' },
  };
  const { client } = await play({ match: {}, turns: [{ json: 1, trouble }] });

  await expect(client().create(params())).rejects.toMatchObject({ status, type, apiMessage: 'scripted' });
  await expect(client({ maxRetries: 1 }).create(params())).resolves.toMatchObject({
    stop_reason: 'end_turn',
  });
});

it.each(['headers', 'start', 'content', 'end'])('breaks a stream off at %s', async (drop) => {
  const { client } = await play({ match: {}, turns: [{ json: 'some text', trouble: { drop } }] });

  await expect(client().stream(params()).finalMessage()).rejects.toThrow();
});

it.each(['headers', 'start', 'content'])('falls silent at %s', async (stall) => {
  const { client } = await play({ match: {}, turns: [{ json: 'some text', trouble: { stall } }] });
  const signal = AbortSignal.timeout(150);

  await expect(client().stream(params(), { signal }).finalMessage()).rejects.toThrow(/abort/i);
});

it('sends an error event in mid-stream', async () => {
  const { client } = await play({
    match: {},
    turns: [{ json: 'some text', trouble: { event: 'Overloaded' } }],
  });

  await expect(client().stream(params()).finalMessage()).rejects.toMatchObject({ type: 'overloaded_error' });
});

it('names what it does not implement, with a request id', async () => {
  const { baseURL } = await play(agent);
  const headers = { authorization: `Bearer ${KEY}`, 'anthropic-version': '2026-10-21' };

  const response = await fetch(`${baseURL}/v1/complete`, { method: 'POST', headers, body: '{}' });

  expect(response.headers.get('request-id')).toMatch(/^req_/);
  expect(await response.json()).toMatchObject({
    type: 'error',
    error: { type: 'not_found_error', message: expect.stringContaining('POST /v1/complete') },
  });
});
