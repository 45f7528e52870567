import type { Clock } from '../../clock.ts';
import { groupCommit } from '../../group-commit.ts';
import type { Store } from '../../store.ts';
import type { Wakes } from '../wake.ts';
import type { Message, Messages } from './messages.ts';
import type { Queue, Queues } from './queues.ts';

export interface Poll {
  limit: number;
  /** Seconds for which what is received stays hidden from others. */
  visibilitySeconds: number;
  /** Until when to wait for a first message; infinity waits for ever. */
  until: number;
  signal: AbortSignal;
  /** Names a consumer that dies with this process, so that a restart gives back what it held. */
  holder?: string;
}

export type Receive = (queue: Queue, poll: Poll) => Promise<Message[]>;

interface Parts {
  store: Store;
  clock: Clock;
  messages: Messages;
  queues: Queues;
  wakes: Wakes;
}

/** Receives: waits as long as told, moves what was received too often to the dead-letter queue on the way. */
export function receiver({ store, clock, messages, queues, wakes }: Parts): Receive {
  const commit = groupCommit(store);
  return async function receive(queue, poll) {
    let taken: Message[] = [];
    while (taken.length === 0 && !isOver(queue, poll)) {
      // Looked at in the turn in which it goes to sleep: what came before has rung already.
      if (isReady(queue)) taken = await commit(() => take(queue, poll));
      else await sleep(queue, poll);
    }
    return taken;
  };

  function isOver(queue: Queue, { signal, until }: Poll): boolean {
    return signal.aborted || (clock.now() >= until && !isReady(queue));
  }

  function sleep(queue: Queue, { until, signal }: Poll): Promise<void> {
    return wakes.asleep(queue.name, Math.min(until, messages.nextVisible(queue.name)), signal);
  }

  function take(queue: Queue, poll: Poll): Message[] {
    if (poll.signal.aborted) return [];
    messages.expire(queue.name, clock.now() - queue.retentionSeconds * 1000);
    const visible = clock.now() + poll.visibilitySeconds * 1000;
    const ready = untilLive(queue, poll.limit);
    return ready.map((message) => messages.take(message, visible, poll.holder ?? null));
  }

  function isReady(queue: Queue): boolean {
    return messages.isReady(queue.name);
  }

  /** Buries the worn-out until what is ready is all worth handing out. */
  function untilLive(queue: Queue, limit: number): Message[] {
    for (;;) {
      const ready = messages.ready(queue.name, limit);
      const wornOut = ready.filter((message) => isWornOut(queue, message));
      if (wornOut.length === 0) return ready;
      for (const message of wornOut) bury(queue, message);
    }
  }

  function bury({ arn, redrive }: Queue, message: Message): void {
    const target = queues.byArn(redrive?.deadLetterTargetArn ?? '');
    messages.move(message, target.name, { ...message.system, DeadLetterQueueSourceArn: arn });
    store.afterCommit(() => wakes.wake(target.name));
  }
}

function isWornOut({ redrive }: Queue, { received }: Message): boolean {
  return redrive !== undefined && received >= redrive.maxReceiveCount;
}
