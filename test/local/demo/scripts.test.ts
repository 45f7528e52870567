import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BaseAnthropic } from '@anthropic-ai/sdk/client';
import { Messages } from '@anthropic-ai/sdk/resources/messages/messages';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { probe } from '#adapters/anthropic/probe.ts';
import { clients } from '#adapters/anthropic/providers.ts';
import { speaking } from '#adapters/anthropic/speak.ts';
import { ROLES, type Role } from '#core/agents/roles.ts';
import { jsonSchema } from '#core/agents/schema.ts';
import { fromJira, JiraDelivery } from '#core/tickets/sources/jira.ts';
import { Triage } from '#core/triage/classify.ts';
import { Findings } from '#core/triage/diagnose.ts';
import { fromLog } from '#core/triage/evidence.ts';
import { evidenceBlock, ticketBlock } from '#core/triage/prompt.ts';
import { scriptedModel } from '#local/model/model.ts';
import { openPurse } from '../../support/purse.ts';

const delivery = JiraDelivery.parse(JSON.parse(readFileSync('local/demo/jira-ticket.json', 'utf8')));
const handle = scriptedModel({ folder: 'local/demo/scripts', key: 'sk-demo' });
const server = createServer((request, response) => void handle(request, response));
beforeAll(() => new Promise<void>((done) => void server.listen(0, '127.0.0.1', done)));
afterAll(() => server.close());

async function ask(system: string, user: string, schema: object): Promise<unknown> {
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new Messages(new BaseAnthropic({ apiKey: 'sk-demo', baseURL, maxRetries: 0 }) as never);
  const format = { type: 'json_schema' as const, schema: schema as Record<string, unknown> };
  const { content } = await client.create({
    model: 'claude-sonnet-5-5',
    max_tokens: 2000,
    system,
    messages: [{ role: 'user', content: user }],
    output_config: { format },
  });
  return JSON.parse(content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''));
}

function ticket() {
  const meaning = fromJira('demo', delivery);
  if (meaning.kind !== 'request') throw new Error('The demo ticket makes no ticket');
  return meaning.draft;
}

it('the demo ticket is a high bug about tap-orders', () => {
  expect(ticket()).toMatchObject({
    externalId: 'ETL-142',
    type: 'bug',
    priority: 'high',
    concerns: ['tap-orders'],
  });
});

it('classifies the demo ticket as the triage role would', async () => {
  const repositories = JSON.stringify([{ fullName: 'acme-etl/tap-orders' }]);
  const system = "You are Signalbox's triage role. You sort tickets.";

  const said = await ask(system, `${ticketBlock(ticket())}\n${repositories}`, jsonSchema(Triage));

  expect(Triage.parse(said)).toMatchObject({ type: 'bug', repository: 'acme-etl/tap-orders' });
});

it('diagnoses it from the log and the client, citing what was given', async () => {
  const log = fromLog({
    key: 'tap-orders.log',
    text: readFileSync('local/demo/logs/tap-orders.log', 'utf8'),
  });
  const text = readFileSync('local/demo/tap-orders/tap_orders/client.py', 'utf8');
  const evidence = [...log, { id: 'file:tap_orders/client.py', what: 'client', text }];
  const user = [ticketBlock(ticket()), ...evidence.map(evidenceBlock)].join('\n\n');
  const schema = Findings(evidence);

  const said = schema.parse(await ask("You are Signalbox's lead.", user, jsonSchema(schema)));

  expect(said).toMatchObject({
    rootCause: 'code_error',
    files: expect.arrayContaining(['tap_orders/client.py']),
  });
  expect(said.evidence.map(({ id }) => id)).toEqual(['log:1-21', 'file:tap_orders/client.py']);
});

it('has nothing to say about another ticket', async () => {
  const answer = ask(
    "You are Signalbox's triage role.",
    '<ticket>{"title":"printer on fire"}</ticket>',
    jsonSchema(Triage),
  );

  await expect(answer).rejects.toThrow(/No script covers this conversation/);
});

it('does all that a probe asks of the roles', async () => {
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = { now: () => new Date() };
  const send = clients({ apiKey: 'sk-demo', baseUrl });
  const speak = speaking({ send, roles: ROLES, clock, purse: openPurse().purse, measure: () => {} });
  for (const [name, role] of Object.entries(ROLES)) {
    const found = await probe(name as Role, role, speak);
    expect(found.filter(({ isGood }) => !isGood)).toEqual([]);
  }
});
