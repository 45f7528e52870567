import type { Clock } from '../../clock.ts';
import { groupCommit } from '../../group-commit.ts';
import type { Store } from '../../store.ts';
import { AwsError, type Call, type Operations, only } from '../service.ts';
import { wakes as makeWakes } from '../wake.ts';
import { batch } from './batch.ts';
import { handles } from './handles.ts';
import { type Message, type Messages, messages as openMessages } from './messages.ts';
import { moveTasks } from './move-tasks.ts';
import { queueOperations } from './queue-operations.ts';
import { queues as openQueues, type Queue, type QueueProperties, type Queues } from './queues.ts';
import { type Receive, receiver } from './receive.ts';
import { type SendInput, sender, sizeOf } from './send.ts';
import { receivedShape, sentShape } from './shapes.ts';

/** SQS, with what the rest of the local AWS needs of it beside the wire. */
export interface Sqs {
  operations: Operations;
  define(name: string, properties: QueueProperties): void;
  /** Sends as a service would; joins the transaction that is open. */
  send(queueArn: string, body: string, options?: Omit<SendInput, 'MessageBody'>): void;
  /** Receives without the wire; see {@link Receive}. */
  receive: Receive;
  queue(arn: string): Queue;
  /** Every queue, by name. */
  all(): Queue[];
  counts(queue: string): { visible: number; inFlight: number; delayed: number };
  /** Ends a delivery: deletes what was done; what failed stays hidden until its time, and the delivery counts. */
  settle(done: Message[], failed: Message[]): Promise<void>;
  /** Gives back what consumers of this name hold; the delivery does not count. */
  release(queueArn: string, holder: string): void;
}

const SEND = [
  ...['MessageBody', 'DelaySeconds', 'MessageAttributes', 'MessageSystemAttributes', 'MessageGroupId'],
  'MessageDeduplicationId',
];
const RECEIVE = [
  ...['QueueUrl', 'AttributeNames', 'MessageSystemAttributeNames', 'MessageAttributeNames'],
  ...['MaxNumberOfMessages', 'VisibilityTimeout', 'WaitTimeSeconds'],
];

interface Parts {
  store: Store;
  clock: Clock;
  queues: Queues;
  messages: Messages;
  receive: Receive;
  wake: (queue: string) => void;
}

/** Queues of the local AWS. Its URLs are names: `http://sqs.local/000000000000/NAME`. */
export function sqs(store: Store, clock: Clock): Sqs {
  const queues = openQueues(store, clock);
  const messages = openMessages(store, clock);
  const wakes = makeWakes(clock);
  const receive = receiver({ store, clock, messages, queues, wakes });
  const send = sender(store, clock, messages);
  const wake = (queue: string) => store.afterCommit(() => wakes.wake(queue));
  const parts = { store, clock, queues, messages, receive, wake };

  return {
    operations: {
      ...sendOperations(parts, send),
      ReceiveMessage: (input, call) => receiveMessage(parts, input, call),
      ...handles(parts),
      ...queueOperations(parts),
      ...moveTasks(parts, send),
    },
    define: queues.define,
    send: (queueArn, body, options) =>
      store.transaction(() => {
        const queue = queues.byArn(queueArn);
        send(queue, { ...options, MessageBody: body });
        wake(queue.name);
      }),
    receive,
    queue: queues.byArn,
    all: queues.all,
    counts: messages.counts,
    settle: (done, failed) =>
      groupCommit(store)(() => {
        for (const { queue, seq, receipt } of done) {
          const message = messages.bySeq(queue, seq);
          if (message?.receipt === receipt) messages.remove(message);
          wake(queue);
        }
        for (const message of failed) messages.disown(message);
      }),
    release: (queueArn, holder) =>
      store.transaction(() => {
        messages.release(holder);
        wake(queues.byArn(queueArn).name);
      }),
  };
}

function sendOperations({ store, queues, wake }: Parts, send: ReturnType<typeof sender>): Operations {
  const sendOne = (queue: Queue, input: SendInput) =>
    store.transaction(() => {
      const sent = send(queue, input);
      wake(queue.name);
      return sentShape(input, sent, queue.fifo);
    });
  return {
    SendMessage: ({ QueueUrl, ...input }) => {
      only('SendMessage', input, SEND);
      return groupCommit(store)(() => sendOne(queues.byUrl(QueueUrl), input));
    },
    SendMessageBatch: ({ QueueUrl, Entries, ...rest }) => {
      only('SendMessageBatch', rest, []);
      const queue = queues.byUrl(QueueUrl);
      const bytes = (Entries ?? []).reduce((sum: number, entry: SendInput) => sum + sizeOf(entry), 0);
      if (bytes > queue.maxBytes) {
        const limit = `Batch requests cannot be longer than ${queue.maxBytes} bytes. You have sent ${bytes} bytes.`;
        throw new AwsError('BatchRequestTooLong', limit);
      }
      return batch(store, Entries, ({ Id: _, ...entry }) => {
        only('SendMessageBatch', entry, SEND);
        return sendOne(queue, entry as unknown as SendInput);
      });
    },
  };
}

interface ReceiveInput {
  QueueUrl: string;
  AttributeNames?: string[];
  MessageSystemAttributeNames?: string[];
  MessageAttributeNames?: string[];
  MaxNumberOfMessages?: number;
  VisibilityTimeout?: number;
  WaitTimeSeconds?: number;
}

async function receiveMessage(parts: Parts, input: ReceiveInput, { signal }: Call) {
  only('ReceiveMessage', input, RECEIVE);
  const queue = parts.queues.byUrl(input.QueueUrl);
  const limit = within('MaxNumberOfMessages', input.MaxNumberOfMessages ?? 1, [1, 10]);
  const seconds = within('WaitTimeSeconds', input.WaitTimeSeconds ?? queue.waitSeconds, [0, 20]);
  const visibility = input.VisibilityTimeout ?? queue.visibilitySeconds;
  const visibilitySeconds = within('VisibilityTimeout', visibility, [0, 43_200]);
  const until = parts.clock.now() + seconds * 1000;
  const received = await parts.receive(queue, { limit, visibilitySeconds, until, signal });
  const system = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
  const shapes = received.map((message) => receivedShape(message, system, input.MessageAttributeNames ?? []));
  return shapes.length > 0 ? { Messages: shapes } : {};
}

function within(name: string, value: number, [least, most]: [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const reason = `Must be between ${least} and ${most}, if provided.`;
  throw new AwsError(
    'InvalidParameterValue',
    `Value ${value} for parameter ${name} is invalid. Reason: ${reason}`,
  );
}
