import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client } from './local-subject.ts';

/** Any SQS: where it answers, how a queue comes to be, how time passes there. */
export interface SqsSubject {
  endpoint: string;
  define(name: string, properties: Record<string, unknown>): void | Promise<void>;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What SQS promises, for whichever SQS `open` gives. */
export function sqsContract(open: () => Promise<SqsSubject>): void {
  let subject: SqsSubject;
  let sdk: SQSClient;
  let count = 0;

  beforeAll(async () => {
    subject = await open();
    sdk = new SQSClient({ ...client, endpoint: subject.endpoint });
  });
  afterAll(async () => {
    sdk.destroy();
    await subject.close();
  });

  async function queue(properties: Record<string, unknown> = {}) {
    count += 1;
    const name = `queue-${count}${properties.FifoQueue ? '.fifo' : ''}`;
    await subject.define(name, properties);
    const { QueueUrl } = await sdk.send(new GetQueueUrlCommand({ QueueName: name }));
    return { QueueUrl, name, arn: `arn:aws:sqs:us-east-1:000000000000:${name}` };
  }

  type On = { QueueUrl: string | undefined };
  const send = ({ QueueUrl }: On, MessageBody: string, rest: Partial<SendMessageCommandInput> = {}) =>
    sdk.send(new SendMessageCommand({ QueueUrl, MessageBody, ...rest }));
  const receive = async (
    { QueueUrl }: On,
    rest: Partial<ReceiveMessageCommandInput> = {},
  ): Promise<Message[]> => {
    const input = { QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'], ...rest };
    return (await sdk.send(new ReceiveMessageCommand(input as ReceiveMessageCommandInput))).Messages ?? [];
  };
  const bodies = (messages: Message[]) => messages.map(({ Body }) => Body);
  const drop = ({ QueueUrl }: On, { ReceiptHandle }: Message) =>
    sdk.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));

  describe('a standard queue', () => {
    it('hands out body and attributes with digests that the SDK checks', async () => {
      const on = await queue();
      const attributes = {
        text: { DataType: 'String', StringValue: 'ä' },
        bytes: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255]) },
      };

      const sent = await send(on, 'hello', { MessageAttributes: attributes });
      const [message] = await receive(on, { MessageAttributeNames: ['All'] });

      expect(message).toMatchObject({
        MessageId: sent.MessageId,
        Body: 'hello',
        MD5OfBody: sent.MD5OfMessageBody,
      });
      expect(message?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
      expect(message?.MessageAttributes?.text?.StringValue).toBe('ä');
      expect([...(message?.MessageAttributes?.bytes?.BinaryValue ?? [])]).toEqual([0, 255]);
      expect(message?.Attributes).toMatchObject({
        ApproximateReceiveCount: '1',
        SenderId: expect.any(String),
      });
    });

    it('digests attributes as AWS documents it', async () => {
      const { MD5OfMessageAttributes } = await send(await queue(), 'x', {
        MessageAttributes: { timestamp: { DataType: 'Number', StringValue: '1493147359900' } },
      });

      expect(MD5OfMessageAttributes).toBe('235c5c510d26fb653d073faed50ae77c');
    });

    it('hides what was received until its visibility runs out, and counts', async () => {
      const on = await queue({ VisibilityTimeout: 5 });
      await send(on, 'a');
      await receive(on);

      expect(await receive(on)).toEqual([]);
      await subject.advance(5000);
      expect((await receive(on))[0]?.Attributes?.ApproximateReceiveCount).toBe('2');
    });

    it('shows a message again at once when its visibility is set to nought', async () => {
      const on = await queue();
      await send(on, 'a');
      const [message] = await receive(on);
      const shown = { ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 0 };
      await sdk.send(new ChangeMessageVisibilityCommand({ QueueUrl: on.QueueUrl, ...shown }));

      expect(bodies(await receive(on))).toEqual(['a']);
    });

    it('delays', async () => {
      const on = await queue();
      await send(on, 'late', { DelaySeconds: 3 });

      expect(await receive(on)).toEqual([]);
      await subject.advance(3000);
      expect(bodies(await receive(on))).toEqual(['late']);
    });

    it('deletes by the last handle only, and again without complaint', async () => {
      const on = await queue({ VisibilityTimeout: 1 });
      await send(on, 'a');
      const [first] = await receive(on);
      await subject.advance(1000);
      const [second] = await receive(on);
      await drop(on, first as Message);
      await subject.advance(1000);
      expect(await receive(on, { VisibilityTimeout: 0 })).toHaveLength(1);

      const [third] = await receive(on);
      expect(second?.ReceiptHandle).not.toBe(third?.ReceiptHandle);
      await drop(on, third as Message);
      await drop(on, third as Message);
      await subject.advance(1000);
      expect(await receive(on)).toEqual([]);
    });

    it('wakes a long poll when a message is sent', async () => {
      const on = await queue();
      const polled = receive(on, { WaitTimeSeconds: 20 });
      await new Promise((resolve) => setTimeout(resolve, 50));
      await send(on, 'now');

      expect(bodies(await polled)).toEqual(['now']);
    });

    it('gives nothing to a poll that hung up', async () => {
      const on = await queue();
      const gone = new AbortController();
      const command = new ReceiveMessageCommand({ QueueUrl: on.QueueUrl, WaitTimeSeconds: 20 });
      const polled = sdk.send(command, { abortSignal: gone.signal });
      setTimeout(() => gone.abort(), 50);
      await expect(polled).rejects.toThrow(/abort/i);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await send(on, 'kept');

      expect(bodies(await receive(on))).toEqual(['kept']);
    });

    it('does the good part of a batch and names the bad', async () => {
      const on = await queue();
      const Entries = [
        { Id: 'good', MessageBody: 'a' },
        { Id: 'bad', MessageBody: 'b', DelaySeconds: 901 },
      ];
      const sent = await sdk.send(new SendMessageBatchCommand({ QueueUrl: on.QueueUrl, Entries }));
      const [message] = await receive(on);
      const gone = await sdk.send(
        new DeleteMessageBatchCommand({
          QueueUrl: on.QueueUrl,
          Entries: [
            { Id: 'one', ReceiptHandle: message?.ReceiptHandle },
            { Id: 'two', ReceiptHandle: 'nonsense' },
          ],
        }),
      );

      expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['good']);
      expect(sent.Failed).toMatchObject([{ Id: 'bad', Code: 'InvalidParameterValue', SenderFault: true }]);
      expect(gone).toMatchObject({ Successful: [{ Id: 'one' }], Failed: [{ Id: 'two' }] });
    });

    it.each([
      ['no entry', [], 'EmptyBatchRequest'],
      ['an id twice', [...'aa'].map((Id) => ({ Id, MessageBody: 'x' })), 'BatchEntryIdsNotDistinct'],
      [
        'eleven entries',
        [...'abcdefghijk'].map((Id) => ({ Id, MessageBody: 'x' })),
        'TooManyEntriesInBatchRequest',
      ],
      [
        '1 MiB and a byte',
        [...'ab'].map((Id) => ({ Id, MessageBody: 'x'.repeat(524_289) })),
        'BatchRequestTooLong',
      ],
    ])('refuses a batch of %s', async (_, Entries, name) => {
      const { QueueUrl } = await queue();
      const sent = sdk.send(new SendMessageBatchCommand({ QueueUrl, Entries }));

      await expect(sent).rejects.toMatchObject({ name });
    });

    it('takes 1 MiB and not a byte more', async () => {
      const on = await queue();
      await send(on, 'x'.repeat(1_048_576));

      await expect(send(on, 'x'.repeat(1_048_577))).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    });

    it.each([
      ['an empty body', '', 'MissingParameter'],
      ['a control character', '\u0001', 'InvalidMessageContents'],
    ])('refuses %s', async (_, body, name) => {
      await expect(send(await queue(), body)).rejects.toMatchObject({ name });
    });

    it('knows no queue of another name', async () => {
      const asked = sdk.send(new GetQueueUrlCommand({ QueueName: 'nobody' }));

      await expect(asked).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
    });

    it('counts what is there, in flight and delayed, and purges all of it', async () => {
      const on = await queue({ VisibilityTimeout: 77 });
      for (const body of ['a', 'b']) await send(on, body);
      await send(on, 'c', { DelaySeconds: 9 });
      await receive(on, { MaxNumberOfMessages: 1 });
      const all = new GetQueueAttributesCommand({ QueueUrl: on.QueueUrl, AttributeNames: ['All'] });

      expect((await sdk.send(all)).Attributes).toMatchObject({
        ApproximateNumberOfMessages: '1',
        ApproximateNumberOfMessagesNotVisible: '1',
        ApproximateNumberOfMessagesDelayed: '1',
        VisibilityTimeout: '77',
        QueueArn: on.arn,
      });
      await sdk.send(new PurgeQueueCommand({ QueueUrl: on.QueueUrl }));
      expect((await sdk.send(all)).Attributes).toMatchObject({ ApproximateNumberOfMessagesNotVisible: '0' });
      const { QueueUrls } = await sdk.send(new ListQueuesCommand({ QueueNamePrefix: on.name }));
      expect(QueueUrls).toContain(on.QueueUrl);
    });

    it('forgets what is older than its retention', async () => {
      const on = await queue({ MessageRetentionPeriod: 60 });
      await send(on, 'old');
      await subject.advance(61_000);

      expect(await receive(on)).toEqual([]);
    });
  });

  describe('a dead-letter queue', () => {
    it.each([
      ['standard', {}],
      ['FIFO', { FifoQueue: true, ContentBasedDeduplication: true }],
    ])('gets what was received too often, and gives it back (%s)', async (_, kind) => {
      const dead = await queue(kind);
      const RedrivePolicy = { deadLetterTargetArn: dead.arn, maxReceiveCount: 2 };
      const on = await queue({ ...kind, VisibilityTimeout: 1, RedrivePolicy });
      const sent = await send(on, 'poison', 'FifoQueue' in kind ? { MessageGroupId: 'g' } : {});
      for (const _try of [1, 2]) {
        expect(await receive(on)).toHaveLength(1);
        await subject.advance(1000);
      }
      expect(await receive(on)).toEqual([]);

      const [message] = await receive(dead, { VisibilityTimeout: 0 });
      expect(message?.MessageId).toBe(sent.MessageId);
      expect(message?.Attributes).toMatchObject({ DeadLetterQueueSourceArn: on.arn });
      const sources = await sdk.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead.QueueUrl }));
      expect(sources.queueUrls).toEqual([on.QueueUrl]);

      await sdk.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }));
      const tasks = await sdk.send(new ListMessageMoveTasksCommand({ SourceArn: dead.arn }));
      expect(tasks.Results).toMatchObject([{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 }]);
      expect((await receive(on))[0]?.Attributes?.ApproximateReceiveCount).toBe('1');
      expect(await receive(dead)).toEqual([]);
    });

    it('is of the same type as its source', async () => {
      const { arn } = await queue();
      const RedrivePolicy = { deadLetterTargetArn: arn, maxReceiveCount: 1 };

      await expect(async () => queue({ FifoQueue: true, RedrivePolicy })).rejects.toThrow('same type');
    });

    it('moves nothing out of a queue that is none', async () => {
      const moved = sdk.send(new StartMessageMoveTaskCommand({ SourceArn: (await queue()).arn }));

      await expect(moved).rejects.toThrow('must be configured as a Dead Letter Queue');
    });
  });

  describe('a FIFO queue', () => {
    const fifo = { FifoQueue: true, ContentBasedDeduplication: true };
    const group = (MessageGroupId: string) => ({ MessageGroupId });

    it('keeps order in a group, and gives no more of it while some is in flight', async () => {
      const on = await queue(fifo);
      for (const body of ['a1', 'a2', 'a3']) await send(on, body, group('a'));
      await send(on, 'b1', group('b'));

      const first = await receive(on, { MaxNumberOfMessages: 2 });
      expect(bodies(first)).toEqual(['a1', 'a2']);
      expect(bodies(await receive(on))).toEqual(['b1']);
      await drop(on, first[0] as Message);
      expect(await receive(on)).toEqual([]);
      await drop(on, first[1] as Message);
      expect(bodies(await receive(on))).toEqual(['a3']);
    });

    it('holds a group back while a later message of it is in flight', async () => {
      const on = await queue(fifo);
      for (const body of ['a1', 'a2']) await send(on, body, group('a'));
      const [first] = await receive(on);
      const shown = { ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 };
      await sdk.send(new ChangeMessageVisibilityCommand({ QueueUrl: on.QueueUrl, ...shown }));

      expect(await receive(on)).toEqual([]);
    });

    it('gives a group again from where it was left, in order', async () => {
      const on = await queue({ ...fifo, VisibilityTimeout: 1 });
      for (const body of ['a1', 'a2']) await send(on, body, group('a'));
      await receive(on, { MaxNumberOfMessages: 1 });
      await subject.advance(1000);

      expect(bodies(await receive(on))).toEqual(['a1', 'a2']);
    });

    it('wakes a long poll when a delete frees the group', async () => {
      const on = await queue(fifo);
      for (const body of ['a1', 'a2']) await send(on, body, group('a'));
      const [first] = await receive(on, { MaxNumberOfMessages: 1 });
      const polled = receive(on, { WaitTimeSeconds: 20 });
      await new Promise((resolve) => setTimeout(resolve, 50));
      await drop(on, first as Message);

      expect(bodies(await polled)).toEqual(['a2']);
    });

    it('takes a message once in five minutes, even when it is long deleted', async () => {
      const on = await queue(fifo);
      const first = await send(on, 'same', group('a'));
      await drop(on, (await receive(on))[0] as Message);
      await subject.advance(299_000);
      const again = await send(on, 'same', group('b'));
      expect(again).toMatchObject({ MessageId: first.MessageId, SequenceNumber: first.SequenceNumber });
      expect(await receive(on)).toEqual([]);

      await subject.advance(1000);
      await send(on, 'same', group('a'));
      expect(await receive(on)).toHaveLength(1);
    });

    it('deduplicates by group where it is told to', async () => {
      const on = await queue({ ...fifo, DeduplicationScope: 'messageGroup' });
      for (const name of ['a', 'b', 'a']) await send(on, 'same', group(name));

      expect(await receive(on)).toHaveLength(2);
    });

    it('refuses to delete by a handle that has expired', async () => {
      const on = await queue({ ...fifo, VisibilityTimeout: 1 });
      await send(on, 'a', group('a'));
      const [message] = await receive(on);
      await subject.advance(1000);

      await expect(drop(on, message as Message)).rejects.toThrow('The receipt handle has expired');
    });

    it.each([
      ['no group', {}, 'MissingParameter'],
      ['a delay', { ...group('a'), DelaySeconds: 1 }, 'InvalidParameterValue'],
    ])('refuses a message with %s', async (_, rest, name) => {
      await expect(send(await queue(fifo), 'x', rest)).rejects.toMatchObject({ name });
    });

    it('wants an id where it does not look at the content', async () => {
      const sent = send(await queue({ FifoQueue: true }), 'x', group('a'));

      await expect(sent).rejects.toThrow('ContentBasedDeduplication');
    });
  });
}
