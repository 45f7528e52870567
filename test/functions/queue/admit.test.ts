import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { limitsFrom } from '#core/queue/limits.ts';
import { admitting, type Nudge } from '#functions/queue/admit.ts';
import { awaitingSlot } from '#functions/task/await-slot.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { AT, delivery, run, ticket } from '../../support/tickets.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const tickets = dynamoTickets('Tickets', 'Deliveries');
const runs = dynamoRuns('Runs');
const queue = dynamoQueue('Queue');
const clock = { now: () => new Date(AT) };

let org = '';
let count = 0;
let told: string[] = [];
let ended: string[] = [];
let messages: Nudge[] = [];
beforeEach(() => {
  count += 1;
  org = `admit-${count}`;
  told = [];
  ended = [];
  messages = [];
});

const nudge = async (message: Nudge) => {
  messages.push(message);
};
const machines = {
  succeed: async (token: string) => {
    told.push(token);
    return true;
  },
  state: async (arn: string) => (ended.includes(arn) ? ('ended' as const) : ('running' as const)),
};
const limits = limitsFrom('100', '1');
const hear = (message: object) =>
  admitting({ queue, tickets, machines, limits, clock }, nudge)({ body: JSON.stringify(message) });

/** A received ticket's execution comes to its wait. */
async function ask(externalId: string, runId: string): Promise<string> {
  const given = ticket({ org, externalId, runId });
  const { ticket: made } = await tickets.accept(given, delivery({ org, id: externalId, text: externalId }));
  await runs.open(run({ org, id: runId, ticketId: made.id }));
  const step = { org, ticketId: made.id, runId, token: `token ${runId}`, executionArn: runId, slot: 0 };
  await awaitingSlot({ tickets, runs, queue, nudge, clock })(step);
  return made.id;
}

const endOf = (name: string) => ({ detail: { name, input: JSON.stringify({ org }), status: 'SUCCEEDED' } });

it('begins with a ticket whose turn it is, and with the next one when a run ends, however often that is told', async () => {
  const first = await ask('ETL-1', 'run_1');
  const second = await ask('ETL-2', 'run_2');
  for (const message of [...messages, ...messages]) await hear(message);

  expect(new Set(told)).toEqual(new Set(['token run_1']));
  expect(await tickets.find(org, first)).toMatchObject({ status: 'triaging', begunAt: AT });
  expect(await tickets.find(org, second)).toMatchObject({ status: 'received' });

  for (const _ of [1, 2]) await hear(endOf('run_1'));

  expect(told.at(-1)).toBe('token run_2');
  expect(await tickets.find(org, second)).toMatchObject({ status: 'triaging' });
});

it('finds within a minute that a run has ended, when nobody told', async () => {
  await ask('ETL-1', 'run_1');
  await hear({});
  await ask('ETL-2', 'run_2');
  await hear({ isTick: true });
  expect(told).not.toContain('token run_2');
  ended.push('run_1');
  await hear({ isTick: true });

  expect(told).toContain('token run_2');
});

it('takes out a run that was cancelled while it waited', async () => {
  await ask('ETL-1', 'run_1');
  await ask('ETL-2', 'run_2');
  await hear(endOf('run_1'));

  expect(told).toEqual(['token run_2']);
  expect(await queue.find(org, 'run_1')).toMatchObject({ state: 'ended' });
});
