import { GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { sqs } from '#adapters/aws/clients.ts';
import { postponed } from '#adapters/aws/queue.ts';
import { Fault } from '#core/fault.ts';
import { queue } from '#functions/queue.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { virtualClock } from '../../support/clock.ts';

const clock = virtualClock();
let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws({ clock });
});
afterAll(() => aws.stop());

it('leaves whoever refused alone for as long as they ask', async () => {
  aws.queues.define('waiting', { VisibilityTimeout: 30 });
  const { QueueUrl } = await sqs().send(new GetQueueUrlCommand({ QueueName: 'waiting' }));
  await sqs().send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
  const receive = async () => (await sqs().send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.[0];
  const message = await receive();
  const refused = async () => {
    throw new Fault('TooMany', 'Not now', { afterMs: 600_000 });
  };
  const handler = queue(z.object({}), async () => refused, postponed);
  const record = {
    messageId: message?.MessageId,
    receiptHandle: message?.ReceiptHandle,
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:waiting',
  };
  const answer = await handler({ Records: [record] } as never, {} as never);

  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: message?.MessageId }] });
  clock.moveTo(clock.now() + 599_000);
  expect(await receive()).toBeUndefined();
  clock.moveTo(clock.now() + 2_000);
  expect((await receive())?.MessageId).toBe(message?.MessageId);
});
