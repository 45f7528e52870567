import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { sendAgain } from '#adapters/aws/queue.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoDeadLetters } from '#adapters/dynamodb/dead-letters.ts';
import { deadLetterOf, PLATFORM } from '#core/dead-letters.ts';
import { Fault } from '#core/fault.ts';
import type { Role } from '#core/people/person.ts';
import type { Principal } from '#core/people/principal.ts';
import { deadLetterList, oneDeadLetter } from '#functions/dead-letter-list.ts';
import { replayDeadLetters } from '#functions/http/replay-dead-letters.ts';
import { queue } from '#functions/queue.ts';
import { handler as collect } from '#functions/schedule/collect-dead-letters.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';

let aws: LocalAws;
let org: string;
let count = 0;
let live: string;
let dead: string;
const deadLetters = dynamoDeadLetters('DeadLetters');

beforeAll(async () => {
  aws = await localAws();
  live = `${process.env.AWS_ENDPOINT_URL}/000000000000/Waiting`;
  dead = `${process.env.AWS_ENDPOINT_URL}/000000000000/Dead`;
  Object.assign(process.env, {
    DEAD_LETTERS_TABLE: 'DeadLetters',
    QUEUES: JSON.stringify({ 'Answers/Jira': dead }),
  });
});
afterAll(() => aws.stop());
beforeEach(() => {
  count += 1;
  org = `org-${count}`;
});

const NOW = '2026-11-21T10:00:00.000Z';
const collected = () => collect({ time: NOW }, {} as Context);
const by = (role: Role, of = org): Principal => ({
  ...{ via: 'session', org: of, id: `p_${role}`, email: 'a@b.example', name: 'A', roles: [role] },
});
const list = (principal = by('lead'), query = {}) =>
  deadLetterList({ deadLetters, principal, firstOrg: 'main', id: '', query });
const replay = (id?: string, principal = by('lead'), body = {}) =>
  send(
    replayDeadLetters({
      ...{ principalOf: async () => principal, deadLetters, queues: { 'Answers/Jira': live } },
      ...{ send: sendAgain, clock, firstOrg: 'main' },
    }),
    { method: 'POST', path: '/api/dead-letters/replay', body: JSON.stringify(body), ...(id && { id }) },
  );

/** What now waits at the queue, taken from it. */
async function waiting() {
  const asked = { QueueUrl: live, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] };
  const { Messages = [] } = await new SQSClient().send(new ReceiveMessageCommand(asked));
  return Messages;
}

/** A message that its queue has given up on. */
async function die(body: string, replayOf?: string): Promise<string> {
  const MessageAttributes = replayOf && { DeadLetter: { DataType: 'String', StringValue: replayOf } };
  const sent = await new SQSClient().send(
    new SendMessageCommand({
      QueueUrl: dead,
      MessageBody: body,
      ...(MessageAttributes && { MessageAttributes }),
    }),
  );
  return sent.MessageId as string;
}
const message = (more = {}) => JSON.stringify({ detail: { org, ticketId: 'tk_1', ...more } });

describe('a message that nobody could do', () => {
  it('is filed once, with why whoever read it failed', async () => {
    const id = await die(message());
    const failing = queue(z.object({}), async () => async () => {
      throw new Fault('Unavailable', 'Jira answered 503');
    });
    const failed = await failing({ Records: [{ messageId: id }] } as SQSEvent, {} as Context);
    await Promise.all([collected(), collected()]);
    await collected();

    expect(failed).toEqual({ batchItemFailures: [{ itemIdentifier: id }] });
    expect((await list()).deadLetters).toEqual([
      expect.objectContaining({
        ...{ org, queue: 'Answers/Jira', status: 'dead', attempts: 1, replays: 0, diedAt: NOW },
        reason: expect.objectContaining({ code: 'Unavailable', message: 'Jira answered 503' }),
      }),
    ]);
  });

  it('is filed once though the collector dies before it removes the message', async () => {
    const letter = deadLetterOf(
      { messageId: 'm-1', queue: 'Answers/Jira', body: message(), sentAt: NOW, attempts: 5 },
      undefined,
      NOW,
    );

    expect(await deadLetters.file(letter)).toBe(true);
    expect(await deadLetters.file(letter)).toBe(false);
    expect((await list()).deadLetters).toMatchObject([{ attempts: 5 }]);
  });

  it('is seen by leads of its organization only, and shown without secrets', async () => {
    await die(message({ token: 'ghp_0123456789012345678901234567890123456789' }));
    await collected();
    const [{ id } = { id: '' }] = (await list()).deadLetters;
    const shown = await oneDeadLetter({
      deadLetters,
      principal: by('lead'),
      firstOrg: 'main',
      id,
      query: {},
    });

    expect(shown.deadLetter.body).toContain('tk_1');
    expect(shown.deadLetter.body).not.toContain('ghp_');
    expect((await list(by('lead', 'another'))).deadLetters).toEqual([]);
    await expect(list(by('viewer'))).rejects.toMatchObject({ code: 'Forbidden' });
    const foreign = { deadLetters, principal: by('lead', 'another'), firstOrg: 'main', id, query: {} };
    await expect(oneDeadLetter(foreign)).rejects.toMatchObject({ code: 'NotFound' });
    expect((await replay(id, by('lead', 'another'))).statusCode).toBe(404);
    expect(await waiting()).toEqual([]);
  });

  it('belongs to the platform when it names no organization, and only an admin of the operator sees it', async () => {
    for (const odd of ['not JSON', '{"org":"~failing"}', '{"org":7}', '[]', 'null', '{"detail":"x"}'])
      await die(odd);
    await collected();
    const query = { of: 'platform' };

    expect((await list(by('admin', 'main'), query)).deadLetters).toHaveLength(6);
    expect((await list(by('admin', 'main'))).deadLetters).toEqual([]);
    await expect(list(by('lead', 'main'), query)).rejects.toMatchObject({ code: 'Forbidden' });
    await expect(list(by('admin'), query)).rejects.toMatchObject({ code: 'Forbidden' });
    expect((await replay(undefined, by('admin'), query)).statusCode).toBe(403);
  });
});

describe('replaying', () => {
  it('sends the same message once, however many ask', async () => {
    await die(message());
    await collected();
    const [{ id } = { id: '' }] = (await list()).deadLetters;
    await replay(id);
    const again = await replay(id);

    expect((await waiting()).map(({ Body }) => Body)).toEqual([message()]);
    expect(JSON.parse(again.body).replayed).toMatchObject([{ id, did: 'replayed before' }]);
    expect((await list()).deadLetters).toMatchObject([
      { status: 'replayed', replayedBy: 'p_lead', replays: 1 },
    ]);
  });

  it('knows what dies again as the same dead letter, and sends that again', async () => {
    await die(message());
    await collected();
    const [{ id } = { id: '' }] = (await list()).deadLetters;
    await replay(id);
    const [sent] = await waiting();
    await die(message(), sent?.MessageAttributes?.DeadLetter?.StringValue);
    await collected();

    expect((await list()).deadLetters).toMatchObject([{ id, status: 'dead', attempts: 2, replays: 1 }]);
    expect(JSON.parse((await replay(id)).body).replayed).toMatchObject([{ id, did: 'replayed' }]);
    expect(await waiting()).toHaveLength(1);
  });

  it('sends all that are dead, page by page', async () => {
    for (let n = 0; n < 53; n += 1) await die(message({ n }));
    await collected();
    const first = JSON.parse((await replay()).body);
    const second = JSON.parse((await replay(undefined, by('lead'), { cursor: first.cursor })).body);

    expect([first.replayed.length, second.replayed.length, second.cursor]).toEqual([50, 3, undefined]);
    expect((await list(by('lead'), { status: 'dead' })).deadLetters).toEqual([]);
  });

  it('says of a batch of a stream that it is no message', async () => {
    const letter = deadLetterOf(
      {
        messageId: 's-1',
        queue: 'Pipeline/NotPublished',
        body: '{"DDBStreamBatchInfo":{}}',
        sentAt: NOW,
        attempts: 1,
      },
      undefined,
      NOW,
    );
    await deadLetters.file(letter);
    const { replayed } = JSON.parse((await replay(letter.id, by('admin', 'main'), { of: 'platform' })).body);

    expect(replayed).toEqual([
      { id: letter.id, queue: 'Pipeline/NotPublished', did: expect.stringContaining('operating.md') },
    ]);
    expect((await deadLetters.find(PLATFORM, letter.id))?.status).toBe('dead');
  });
});
