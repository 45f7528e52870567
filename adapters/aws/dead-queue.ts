import { DeleteMessageCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { DeadMessage } from '#core/dead-letters.ts';
import { log } from '../log.ts';
import { sqs } from './clients.ts';

/** Names the dead letter that a message replays, so that if it dies too, it is the same one. */
export const REPLAY_OF = 'DeadLetter';

const AT_ONCE = 10;
/** Messages that one look takes from one queue at most; the next look goes on. */
const MOST = 500;

/** Hands each message of a dead-letter queue to `keep`, and removes it once that is done. */
export async function drain(
  { url, queue }: { url: string; queue: string },
  keep: (message: DeadMessage) => Promise<void>,
): Promise<void> {
  for (let taken = 0; taken < MOST; ) {
    const { Messages = [] } = await sqs().send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: AT_ONCE,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: [REPLAY_OF],
        VisibilityTimeout: 60,
      }),
    );
    if (Messages.length === 0) return;
    for (const message of Messages) await take(message, { url, queue, keep });
    taken += Messages.length;
  }
}

/** One that cannot be kept holds up no other: it stays, and is tried again by a later look. */
async function take(
  message: Message,
  { url, queue, keep }: { url: string; queue: string; keep: (message: DeadMessage) => Promise<void> },
): Promise<void> {
  try {
    await keep(deadMessageOf(message, queue));
    await sqs().send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));
  } catch (error) {
    log.error('a dead message cannot be filed', { queue, error });
  }
}

/** Reading it here was one more receive. */
function deadMessageOf({ MessageId, Body, Attributes = {}, MessageAttributes }: Message, queue: string) {
  return {
    messageId: MessageId ?? '',
    queue,
    body: Body ?? '',
    sentAt: new Date(Number(Attributes.SentTimestamp)).toISOString(),
    attempts: Math.max(1, Number(Attributes.ApproximateReceiveCount) - 1),
    replayOf: MessageAttributes?.[REPLAY_OF]?.StringValue,
  };
}
