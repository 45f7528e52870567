import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { AwsError, type Operations, only } from '../service.ts';
import type { Message, Messages } from './messages.ts';
import type { Queue, Queues } from './queues.ts';
import type { sender } from './send.ts';

interface Parts {
  store: Store;
  clock: Clock;
  queues: Queues;
  messages: Messages;
  wake: (queue: string) => void;
}

/** Sends what a dead-letter queue holds back to where it came from, or elsewhere. Here a task is over at once. */
export function moveTasks(parts: Parts, send: ReturnType<typeof sender>): Operations {
  const { store, clock, queues } = parts;
  const columns = 'handle TEXT PRIMARY KEY, source TEXT, destination TEXT, moved INT, started INT';
  store.sql(`CREATE TABLE IF NOT EXISTS sqs_move_task (${columns})`).run();

  function start({ SourceArn, DestinationArn, ...rest }: { SourceArn: string; DestinationArn?: string }) {
    only('StartMessageMoveTask', rest, []);
    const source = deadLetterQueue(queues, SourceArn);
    const target = DestinationArn ? existing(queues, DestinationArn) : undefined;
    const handle = randomUUID();
    store.transaction(() => {
      const moved = moveAll(parts, send, { source, target });
      store
        .sql('INSERT INTO sqs_move_task VALUES (?, ?, ?, ?, ?)')
        .run(handle, SourceArn, DestinationArn ?? null, moved, clock.now());
    });
    return { TaskHandle: handle };
  }

  return {
    StartMessageMoveTask: start,
    ListMessageMoveTasks: ({ SourceArn, MaxResults = 1, ...rest }) => {
      only('ListMessageMoveTasks', rest, []);
      existing(queues, SourceArn);
      const text = 'SELECT * FROM sqs_move_task WHERE source = ? ORDER BY started DESC, rowid DESC LIMIT ?';
      return { Results: store.sql(text).all(SourceArn, MaxResults).map(taskShape) };
    },
  };
}

function moveAll(
  { clock, queues, messages, wake }: Parts,
  send: ReturnType<typeof sender>,
  { source, target }: { source: Queue; target?: Queue },
): number {
  let moved = 0;
  messages.expire(source.name, clock.now() - source.retentionSeconds * 1000);
  for (const message of messages.ready(source.name, Number.MAX_SAFE_INTEGER)) {
    const to = target ?? origin(queues, message);
    send(to, sendInput(message, to));
    messages.remove(message);
    wake(to.name);
    moved += 1;
  }
  return moved;
}

/** A message that is moved back is a new one: new id, new age, no receives; so never a duplicate of its old self. */
function sendInput({ body, attributes, groupId, id }: Message, { fifo }: Queue) {
  return {
    MessageBody: body,
    MessageAttributes: attributes,
    ...(groupId ? { MessageGroupId: groupId } : {}),
    ...(fifo ? { MessageDeduplicationId: `move-${id}` } : {}),
  };
}

function origin(queues: Queues, { system }: Message): Queue {
  const arn = system.DeadLetterQueueSourceArn;
  if (!arn)
    throw new AwsError('InvalidParameterValue', 'A message was sent here directly: name a DestinationArn.');
  return queues.byArn(arn);
}

function deadLetterQueue(queues: Queues, arn: string): Queue {
  const source = existing(queues, arn);
  const isTarget = queues.all().some(({ redrive }) => redrive?.deadLetterTargetArn === arn);
  if (isTarget) return source;
  throw new AwsError('InvalidParameterValue', 'Source queue must be configured as a Dead Letter Queue.');
}

function existing(queues: Queues, arn: string): Queue {
  try {
    return queues.byArn(arn);
  } catch {
    const message = "The resource that you specified for the SourceArn parameter doesn't exist.";
    throw new AwsError('ResourceNotFoundException', message, 404);
  }
}

function taskShape(row: Record<string, unknown>) {
  return {
    Status: 'COMPLETED',
    SourceArn: row.source,
    DestinationArn: row.destination ?? undefined,
    ApproximateNumberOfMessagesMoved: row.moved,
    ApproximateNumberOfMessagesToMove: row.moved,
    StartedTimestamp: row.started,
  };
}
