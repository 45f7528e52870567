import { afterAll, beforeAll, expect, it } from 'vitest';
import { BASH, KEY, openModel, params } from './open.ts';

let model: Awaited<ReturnType<typeof openModel>>;
beforeAll(async () => {
  const turns = [
    {
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'text', text: 'ok' },
      ],
    },
    { json: 2 },
  ];
  model = await openModel({ match: {}, turns: [...turns, { json: 3 }] });
});
afterAll(() => model.close());

const user = (content: unknown) => ({ role: 'user', content });
const assistant = (content: unknown) => ({ role: 'assistant', content });
const use = (id: string) => ({ type: 'tool_use', id, name: 'bash', input: {} });
const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'done' });
const text = (words: string) => ({ type: 'text', text: words });
const cached = (ttl?: string) => ({
  ...text('x'),
  cache_control: { type: 'ephemeral', ...(ttl && { ttl }) },
});
const talk = (...messages: object[]) => ({ messages: [user('hi'), ...messages], tools: [BASH] });
const schema = (more: object) => ({ type: 'object', properties: {}, additionalProperties: false, ...more });
const format = (more: object) => ({
  output_config: { format: { type: 'json_schema', schema: schema(more) } },
});
const forced = { tools: [BASH], tool_choice: { type: 'any' } };

it.each([
  ['an unknown field', { fnord: 1 }, 'fnord: Extra inputs are not permitted'],
  ['no max_tokens', { max_tokens: undefined }, 'max_tokens: Field required'],
  ['max_tokens as text', { max_tokens: '5' }, 'max_tokens: Input should be a valid'],
  ['more tokens than the model gives', { max_tokens: 128_001 }, 'max_tokens: 128001 > 128000'],
  ['a sampling parameter', { temperature: 1 }, 'temperature: Extra inputs are not permitted'],
  [
    'thinking turned off where it cannot be',
    { thinking: { type: 'disabled' } },
    "'disabled' is not supported",
  ],
  ['a forced tool', forced, "'any' is not supported"],
  ['a forced tool for Sonnet 5.5', { ...forced, model: 'claude-sonnet-5-5' }, "'any' is not supported"],
  [
    'a tool choice without tools',
    { tool_choice: { type: 'auto' } },
    'only be specified while providing tools',
  ],
  ['a tool name with a dot', { tools: [{ ...BASH, name: 'a.b' }] }, 'String should match pattern'],
  ['two tools of one name', { tools: [BASH, BASH] }, 'Tool names must be unique'],
  ['an empty text', { messages: [user('')] }, 'must be non-empty'],
  ['a blank text', { messages: [user([text(' ')])] }, 'non-whitespace'],
  ['an assistant first', { messages: [assistant('x'), user('x')] }, 'first message must use the "user" role'],
  ['a prefill', talk(assistant('{')), 'does not support assistant message prefill'],
  [
    'a tool use without its result',
    talk(assistant([use('t1')]), user('so?')),
    'without `tool_result` blocks immediately after: t1',
  ],
  ['a result without its use', talk(assistant('x'), user([result('t9')])), 'unexpected `tool_use_id`'],
  [
    'two results for one use',
    talk(assistant([use('t1')]), user([result('t1'), result('t1')])),
    'single result',
  ],
  [
    'text after a result',
    talk(assistant([use('t1')]), user([result('t1'), text('x')])),
    'nothing may stand beside',
  ],
  [
    'a used tool that is not defined',
    { ...talk(assistant([use('t1')]), user([result('t1')])), tools: [] },
    'must define tools',
  ],
  [
    'five cache breakpoints',
    { messages: [user([1, 2, 3, 4, 5].map(() => cached()))] },
    'A maximum of 4 blocks',
  ],
  ['a long cache after a short one', { messages: [user([cached(), cached('1h')])] }, 'must not come after'],
  [
    'citations on a user text',
    { messages: [user([{ ...text('x'), citations: [{}] }])] },
    'citations are not permitted',
  ],
  [
    'a document from the assistant',
    talk(assistant([{ type: 'document', source: { type: 'text' } }]), user('x')),
    'expected tags',
  ],
  [
    'an open schema',
    format({ additionalProperties: true }),
    "'additionalProperties' must be explicitly set to false",
  ],
  [
    'a schema with bounds',
    format({ properties: { n: { type: 'number', maximum: 1 } } }),
    'properties maximum are not supported',
  ],
  [
    'a field that needs a beta',
    { output_config: { task_budget: { type: 'tokens', total: 9 } } },
    'task_budget: Extra inputs',
  ],
])('refuses %s', async (_, change, says) => {
  const answer = model.client().create(params(change));

  await expect(answer).rejects.toMatchObject({
    status: 400,
    type: 'invalid_request_error',
    apiMessage: expect.stringContaining(says),
  });
});

it.each([
  ['an unknown model', { model: 'claude-3-opus' }, {}, 404, 'model: claude-3-opus'],
  ['a wrong key', {}, { apiKey: 'sk-wrong' }, 401, 'invalid bearer token'],
  ['an unknown version', {}, { headers: { 'anthropic-version': '2024-01-01' } }, 400, 'not a valid version'],
  ['an unknown beta', {}, { headers: { 'anthropic-beta': 'tea-2026-01-01' } }, 400, 'tea-2026-01-01'],
])('refuses %s', async (_, change, options, status, says) => {
  const answer = model.client(options).create(params(change));

  await expect(answer).rejects.toMatchObject({ status, apiMessage: expect.stringContaining(says) });
});

it.each([
  ['sampling parameters in the old version', { temperature: 0.5 }, { 'anthropic-version': '2023-06-01' }],
  ['a forced tool where a model takes it', { ...forced, model: 'claude-haiku-5-5' }, {}],
  ['a system message in the conversation', talk({ role: 'system', content: 'Be brief' }, user('x')), {}],
  [
    'a task budget with its beta',
    { output_config: { task_budget: { type: 'tokens', total: 9 } } },
    { 'anthropic-beta': 'task-budgets-2026-03-13' },
  ],
  ['four cache breakpoints', { messages: [user([1, 2, 3, 4].map(() => cached()))] }, {}],
])('takes %s', async (_, change, headers: Record<string, string>) => {
  await expect(model.client({ headers }).create(params(change))).resolves.toMatchObject({
    role: 'assistant',
  });
});

it('asks for a key and a version', async () => {
  const post = async (headers: Record<string, string>) =>
    (await fetch(`${model.baseURL}/v1/messages`, { method: 'POST', headers, body: '{}' })).status;

  expect(await post({ authorization: `Bearer ${KEY}` })).toBe(400);
  expect(await post({ 'anthropic-version': '2026-10-21' })).toBe(401);
  expect(await post({ 'anthropic-version': '2026-10-21', 'x-api-key': KEY })).toBe(401);
  expect(await post({ 'anthropic-version': '2026-10-21', authorization: `Bearer ${KEY}` })).toBe(400);
});

it('binds thinking to what was said before it', async () => {
  const first = await model.client().create(params());
  const goOn = (content: unknown, before = params().messages[0], more = {}) =>
    model.client().create(params({ messages: [before, assistant(content), user('go on')], ...more }));
  const altered = first.content.map((block) =>
    block.type === 'thinking' ? { ...block, thinking: 'hm!' } : block,
  );

  await expect(goOn(first.content)).resolves.toMatchObject({ role: 'assistant' });
  await expect(goOn(altered)).rejects.toThrow(/Invalid `signature` in `thinking` block/);
  await expect(goOn(first.content, user('another beginning') as never)).rejects.toThrow(
    /Invalid `signature`/,
  );
  await expect(goOn(first.content, undefined, { system: 'edited' })).rejects.toThrow(/Invalid `signature`/);
});
