import type { Clock } from '../../clock.ts';
import { groupCommit } from '../../group-commit.ts';
import type { Store } from '../../store.ts';
import { AwsError, type Operations, only } from '../service.ts';
import { batch } from './batch.ts';
import { type Message, type Messages, seqOf } from './messages.ts';
import type { Queue, Queues } from './queues.ts';

interface Parts {
  store: Store;
  clock: Clock;
  queues: Queues;
  messages: Messages;
  wake: (queue: string) => void;
}

/** From its first receive a message can be hidden for twelve hours at most, extensions included. */
const MAX_HIDDEN_SECONDS = 43_200;

/** What a receipt handle is for: deleting the message, or changing how long it stays hidden. */
export function handles({ store, clock, queues, messages, wake }: Parts): Operations {
  const commit = groupCommit(store);
  function remove(queue: Queue, handle: string): undefined {
    const message = held(queue, handle);
    const isCurrent = message?.receipt === handle;
    if (queue.fifo && message && !(isCurrent && message.visible > clock.now())) {
      invalidHandle(handle, 'The receipt handle has expired.');
    }
    if (message && isCurrent) messages.remove(message);
    wake(queue.name); // the group is free again
  }

  function hide(queue: Queue, handle: string, seconds: number): undefined {
    if (!(Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_HIDDEN_SECONDS)) {
      invalid(
        `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.`,
      );
    }
    const message = held(queue, handle);
    if (message?.receipt !== handle) {
      return invalidHandle(
        handle,
        'Message does not exist or is not available for visibility timeout change.',
      );
    }
    if (message.visible <= clock.now()) {
      throw new AwsError('MessageNotInflight', `The message ${message.id} is not in flight.`);
    }
    const visible = clock.now() + seconds * 1000;
    if (visible > (message.firstReceived ?? 0) + MAX_HIDDEN_SECONDS * 1000) {
      const reason = 'Total VisibilityTimeout for the message is beyond the limit [43200 seconds].';
      invalid(`Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: ${reason}`);
    }
    messages.hide(message, visible);
    wake(queue.name);
  }

  function held(queue: Queue, handle: string): Message | undefined {
    const seq = seqOf(handle ?? '');
    if (seq === undefined) {
      throw new AwsError('ReceiptHandleIsInvalid', `The input receipt handle "${handle}" is not valid.`, 404);
    }
    return messages.bySeq(queue.name, seq);
  }

  return {
    DeleteMessage: ({ QueueUrl, ReceiptHandle, ...rest }) => {
      only('DeleteMessage', rest, []);
      const queue = queues.byUrl(QueueUrl);
      return commit(() => remove(queue, ReceiptHandle));
    },
    DeleteMessageBatch: ({ QueueUrl, Entries, ...rest }) => {
      only('DeleteMessageBatch', rest, []);
      const queue = queues.byUrl(QueueUrl);
      return batch(store, Entries, ({ ReceiptHandle }) => remove(queue, String(ReceiptHandle)));
    },
    ChangeMessageVisibility: ({ QueueUrl, ReceiptHandle, VisibilityTimeout, ...rest }) => {
      only('ChangeMessageVisibility', rest, []);
      const queue = queues.byUrl(QueueUrl);
      return commit(() => hide(queue, ReceiptHandle, VisibilityTimeout));
    },
    ChangeMessageVisibilityBatch: ({ QueueUrl, Entries, ...rest }) => {
      only('ChangeMessageVisibilityBatch', rest, []);
      const queue = queues.byUrl(QueueUrl);
      return batch(store, Entries, ({ ReceiptHandle, VisibilityTimeout }) =>
        hide(queue, String(ReceiptHandle), Number(VisibilityTimeout)),
      );
    },
  };
}

function invalidHandle(handle: string, reason: string): never {
  invalid(`Value ${handle} for parameter ReceiptHandle is invalid. Reason: ${reason}`);
}

function invalid(message: string): never {
  throw new AwsError('InvalidParameterValue', message);
}
