import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { byRules } from '#core/triage/classify.ts';
import { embedded } from '#core/triage/embedded.ts';
import { PROJECT, ticket } from '../support/tickets.ts';

const given = ticket({ title: 'tap-orders fails with KeyError since yesterday', body: 'KeyError: total' });
const classification = byRules(given, { projects: [PROJECT], classifier: embedded() });
const similar = {
  ticketId: 'tk_other',
  by: 'error',
  score: 1,
  reason: 'the same error: KeyError',
  externalId: 'ETL-9',
};
const figure = { accuracy: 0.7, logLoss: 0.6, coverage: 0.2, answered: 0.9 };
const ANSWERS: Record<string, object> = {
  'GET /api/tickets/tk_1': {
    ticket: { ...given, classification },
    similar: [{ ...similar, title: 'Nightly sync', status: 'merged' }],
    answers: [{ place: 'slack C0OPS/1', at: given.createdAt, trouble: 'the channel is archived' }],
  },
  'POST /api/tickets/tk_1/corrections': {
    ticket: { ...given, classification: { ...classification, reason: 'Dana said so: type task, not bug' } },
  },
  'POST /api/tickets/tk_1/merge': {
    ticket: { ...given, id: 'tk_1', status: 'cancelled', duplicateOf: 'tk_2' },
  },
  'POST /api/tickets/tk_1/priority': { ticket: { ...given, id: 'tk_1', priority: 'critical' } },
  'POST /api/tickets/tk_1/cancel': { ticket: { ...given, id: 'tk_1', status: 'cancelled' } },
  'POST /api/tickets/tk_1/retry': { ticket: { ...given, id: 'tk_1', status: 'received' } },
  'GET /api/tickets?status=failed&limit=100': {
    tickets: [
      {
        ...{ ...given, id: 'tk_7', status: 'failed', reason: 'the provider is down' },
        failure: {
          kind: 'service',
          error: 'Unavailable',
          runId: 'run_7_8',
          attempts: 8,
          at: given.createdAt,
        },
      },
    ],
  },
  'GET /api/queue': {
    ...{ slots: 2, free: 0, waitingInAll: 7, holdsFor: 600 },
    working: [
      {
        ticketId: 'tk_9',
        priority: 'high',
        since: new Date(Date.now() - 7_500_000).toISOString(),
        title: 'Works',
      },
    ],
    waiting: [
      { position: 1, ticketId: 'tk_1', priority: 'low', estimatedWait: 300, title: 'First' },
      { position: 2, ticketId: 'tk_2', priority: 'low', estimatedWait: null, title: 'Second' },
    ],
  },
  'POST /api/triage/train': {
    ...{
      version: 2,
      labels: 90,
      threshold: 0.81,
      habits: { billing: { priority: 'high' } },
      refused: ['x: few'],
    },
    ...{ before: figure, after: { ...figure, accuracy: 0.8 } },
  },
};

const heard: { call: string; body: string }[] = [];
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    const call = `${request.method} ${request.url}`;
    heard.push({ call, body });
    response.end(JSON.stringify(ANSWERS[call]));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

/** The real command, in a process of its own. */
function signalbox(...args: string[]): Promise<{ exit: number; said: string; complained: string }> {
  const env = { ...process.env, NO_COLOR: '1', SIGNALBOX_URL: url, SIGNALBOX_TOKEN: 'key' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['bin/cli.ts', ...args], { env }, (error, said, complained) =>
      resolve({ exit: (error?.code as number | undefined) ?? 0, said, complained }),
    );
  });
}

it('shows how a ticket was understood, each reason by itself, and what is like it', async () => {
  const { exit, said } = await signalbox('tickets', 'show', 'tk_1');

  expect(exit).toBe(0);
  for (const words of [
    /decided by +rule, \d+ %/,
    /because +type bug: .*\n +the classifier leans.*\n +repository acme/,
    /tk_other .*the same error/,
    /not told +slack C0OPS.*\n +the channel is archived/,
  ])
    expect(said).toMatch(words);
});

it('corrects by exactly what was said, and refuses to correct nothing', async () => {
  const { said } = await signalbox('tickets', 'correct', 'tk_1', '--type', 'task', '--module', 'ledger');

  expect(said).toContain('Dana said so');
  expect(JSON.parse(heard.at(-1)?.body ?? '')).toEqual({ type: 'task', module: 'ledger' });
  expect(await signalbox('tickets', 'correct', 'tk_1')).toMatchObject({ exit: 2, said: '' });
});

it('merges one into another', async () => {
  expect((await signalbox('tickets', 'merge', 'tk_1', 'tk_2')).said).toMatch(/tk_1 is merged into tk_2/);
  expect(JSON.parse(heard.at(-1)?.body ?? '')).toEqual({ into: 'tk_2' });
});

it('shows who works and who works next, and in how long', async () => {
  const { said } = await signalbox('queue');

  for (const words of [
    /1 of 2 slots are taken, each for about 10 min; 7 wait/,
    /works +tk_9 +high +2 hours ago +Works/,
    /1\. +tk_1 +low +in about 5 min +First/,
    /2\. +tk_2 +low +not measured yet +Second/,
  ])
    expect(said).toMatch(words);
  expect(JSON.parse((await signalbox('queue', '--json')).said)).toMatchObject({ slots: 2, waitingInAll: 7 });
});

it('lists tickets that are not tried again, and why', async () => {
  const { said } = await signalbox('queue', 'dead');

  expect(said).toMatch(/tk_7 +service, 8 times .*: the provider is down/);
  expect(said).toContain('tickets retry');
});

it('prioritizes, cancels and retries', { timeout: 60_000 }, async () => {
  const [moved, wrong, cancelled, retried] = await Promise.all([
    signalbox('tickets', 'prioritize', 'tk_1', 'critical'),
    signalbox('tickets', 'prioritize', 'tk_1', 'asap'),
    signalbox('tickets', 'cancel', 'tk_1'),
    signalbox('tickets', 'retry', 'tk_1'),
  ]);

  expect(moved?.said).toMatch(/priority critical/);
  expect(heard.find(({ call }) => call.endsWith('/priority'))?.body).toBe('{"priority":"critical"}');
  expect(wrong).toMatchObject({ exit: 2, said: '' });
  expect(cancelled?.said).toMatch(/tk_1 +cancelled/);
  expect(retried?.said).toMatch(/tk_1 +received/);
});

it('trains, and shows before and after', async () => {
  const { said } = await signalbox('triage', 'train');

  for (const words of [/before +70 %/, /after +80 %/, /from 81 % on/, /Left as it was: x: few/, /billing/])
    expect(said).toMatch(words);
});
