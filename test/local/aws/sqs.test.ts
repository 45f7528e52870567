import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sqs, sqs } from '#local/aws/sqs/sqs.ts';
import { client, type Opened, serve } from './local-subject.ts';
import { sqsContract } from './sqs.contract.ts';

const open = () => serve(sqs, ({ operations }) => ({ json: { AmazonSQS: operations } }));

describe('SQS of the local AWS', () => {
  sqsContract(async () => {
    const opened = await open();
    return { ...opened, define: (name, properties) => opened.service().define(name, properties) };
  });
});

describe('SQS of the local AWS, beyond the contract', () => {
  let local: Opened<Sqs>;
  let sdk: SQSClient;
  const fifo = { FifoQueue: true, ContentBasedDeduplication: 'true' };

  beforeAll(async () => {
    local = await open();
    sdk = new SQSClient({ ...client, endpoint: local.endpoint });
  });
  afterAll(() => local.close());

  const send = (QueueUrl: string, MessageBody: string) =>
    sdk.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: 'g' }));
  const receive = (QueueUrl: string) =>
    sdk.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));

  it('keeps messages, what is in flight, and the deduplication window over a restart', async () => {
    local.service().define('kept.fifo', fifo);
    await send('kept.fifo', 'a');
    await receive('kept.fifo');
    await local.restart();
    local.service().define('kept.fifo', fifo);
    await send('kept.fifo', 'a');
    await send('kept.fifo', 'b');

    expect((await receive('kept.fifo')).Messages).toBeUndefined();
    await local.advance(30_000);
    expect((await receive('kept.fifo')).Messages?.map(({ Body }) => Body)).toEqual(['a', 'b']);
  });

  it('sends for other services in their transaction', async () => {
    local.service().define('inside', {});
    local.service().send('arn:aws:sqs:us-east-1:000000000000:inside', 'from a rule');

    expect((await receive('inside')).Messages?.[0]?.Body).toBe('from a rule');
  });

  it('refuses by name what it does not do', async () => {
    await expect(sdk.send(new CreateQueueCommand({ QueueName: 'x' }))).rejects.toThrow(
      'AmazonSQS.CreateQueue',
    );
    const attempt = { QueueUrl: 'inside', ReceiveRequestAttemptId: 'again' };
    await expect(sdk.send(new ReceiveMessageCommand(attempt))).rejects.toThrow('ReceiveRequestAttemptId');
    expect(() => local.service().define('x', { Policy: {} })).toThrow('Policy');
  });
});
