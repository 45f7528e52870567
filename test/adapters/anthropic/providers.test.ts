import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { anthropicModel } from '#adapters/anthropic/model.ts';
import { accessTo, keysOf } from '#adapters/anthropic/providers.ts';
import type { Provider } from '#core/agents/capabilities.ts';
import type { Message } from '#core/agents/model.ts';
import { ROLES } from '#core/agents/roles.ts';
import { openModel } from '../../local/model/open.ts';
import { openPurse } from '../../support/purse.ts';

const ADD = {
  name: 'add',
  description: 'Adds',
  schema: { type: 'object', properties: {}, additionalProperties: false },
};
const KEY = 'sk-local-test';

const close: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of close.splice(0)) await one();
});

/** A provider that plays scripts, what it was sent, and a model whose every role is there. */
async function at(provider: Provider, ...scripts: object[]) {
  const played = await openModel(...scripts);
  const sent: { headers: IncomingHttpHeaders; body: Record<string, unknown> }[] = [];
  const proxy = createServer(async (request, response) => {
    const text = (await request.toArray()).join('');
    sent.push({ headers: request.headers, body: JSON.parse(text) });
    const { host: _host, ...headers } = request.headers;
    const answer = await fetch(`${played.baseURL}${request.url}`, {
      method: 'POST',
      headers: headers as Record<string, string>,
      body: text,
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(await answer.text());
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  close.push(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await played.close();
  });
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const { purse, rows } = openPurse();
  const role = { provider, model: 'MiniMax-M3', needs: [] };
  const model = anthropicModel({
    ...{
      apiKey: JSON.stringify({ [provider]: KEY }),
      baseUrl: 'http://127.0.0.1:9',
      otherUrls: { [provider]: url },
    },
    roles: { ...ROLES, triage: { ...ROLES.triage, ...role }, engineer: { ...ROLES.engineer, ...role } },
    clock: { now: () => new Date('2026-11-20') },
    purse,
  });
  return { model, sent, rows };
}

const turn = (messages: Message[]) => ({
  role: 'engineer' as const,
  system: 's',
  tools: [ADD],
  messages,
  maxTokens: 4_000,
});
const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] });
const thought = { type: 'thinking', thinking: 'Hm.' };
const play = (...turns: object[]) => ({ match: { user: ['go'] }, turns });

describe.each<Provider>(['openrouter', 'minimax'])('%s', (provider) => {
  it('is spoken to in the old version, without betas, effort, schema or hour-long cache', async () => {
    const { model, sent } = await at(provider, play({ content: [{ type: 'text', text: 'Done.' }] }));
    await model.converse(turn([user('go')]));

    expect(sent[0]?.headers).toMatchObject({
      'anthropic-version': '2023-06-01',
      authorization: `Bearer ${KEY}`,
    });
    for (const name of ['anthropic-beta', 'traceparent', 'x-api-key'])
      expect(sent[0]?.headers).not.toHaveProperty(name);
    for (const name of ['output_config', 'thinking', 'tool_choice', 'temperature'])
      expect(sent[0]?.body).not.toHaveProperty(name);
    expect(JSON.stringify(sent[0]?.body)).not.toMatch(/"strict"|"1h"/);
  });

  it('is asked for a shape in words, and has what does not fit repaired', async () => {
    const text = (said: string) => ({ content: [thought, { type: 'text', text: said }] });
    const { model, sent } = await at(provider, play(text('{"a": "no"}'), text('{"a": 1}')));
    const answer = model.ask({ role: 'triage', system: 's', user: 'go', schema: z.object({ a: z.int() }) });

    expect(await answer).toEqual({ a: 1 });
    expect(JSON.stringify(sent[0]?.body.system)).toContain('JSON Schema');
  });
});

it('sends thinking back only to who can read it', async () => {
  const scripts = play(
    {
      content: [
        { ...thought, unsigned: true },
        { type: 'text', text: 'One.' },
      ],
    },
    { content: [{ type: 'text', text: 'Two.' }] },
  );
  const { model, sent } = await at('openrouter', scripts);
  const said: Message = {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'Hm.', signature: '' },
      { type: 'text', text: 'One.' },
    ],
  };
  await model.converse(turn([user('go'), said, user('on')]));

  expect(JSON.stringify(sent[0]?.body.messages)).not.toContain('thinking');
});

it("books OpenRouter's own charge where it names one", async () => {
  const { model, rows } = await at(
    'openrouter',
    play({ content: [{ type: 'text', text: 'Done.' }], usage: { cost: 0.0123 } }),
  );
  await model.converse(turn([user('go')]));

  expect(rows).toMatchObject([{ provider: 'openrouter', nanoUsd: 12_300_000, status: 'settled' }]);
});

it('books what a list of a third party says as an estimate', async () => {
  const { model, rows } = await at('minimax', play({ content: [{ type: 'text', text: 'Done.' }] }));
  await model.converse(turn([user('go')]));

  expect(rows).toMatchObject([{ provider: 'minimax', status: 'estimated' }]);
});

it('refuses an answer whose tool calls were dropped', async () => {
  const { model } = await at(
    'openrouter',
    play({ content: [{ type: 'text', text: 'Called.' }], stop_reason: 'tool_use' }),
  );

  await expect(model.converse(turn([user('go')]))).rejects.toThrow(/dropped the tool calls/);
});

it('uses each key where it belongs, and never shows one', () => {
  expect(keysOf('sk-plain')).toEqual({ anthropic: 'sk-plain' });
  const access = { apiKey: '{"minimax":"mm"}', baseUrl: 'https://a.example' };
  expect(accessTo('minimax', access)).toMatchObject({
    apiKey: 'mm',
    baseUrl: 'https://api.minimax.io/anthropic',
  });
  expect(() => accessTo('anthropic', access)).toThrow(/no key for anthropic/);
  expect(() => keysOf('{"minimax": sk-secret}')).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('sk-') }),
  );
});
