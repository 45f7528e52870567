import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { AwsError, type Operations, only } from '../service.ts';
import type { Messages } from './messages.ts';
import { type Queue, type Queues, queueUrl } from './queues.ts';

interface Parts {
  store: Store;
  clock: Clock;
  queues: Queues;
  messages: Messages;
}

/** Asking about queues, and emptying one. */
export function queueOperations({ store, clock, queues, messages }: Parts): Operations {
  const purged = new Map<string, number>();

  function purge(queue: Queue): void {
    const last = purged.get(queue.name) ?? Number.NEGATIVE_INFINITY;
    if (clock.now() - last < 60_000) {
      const rule = `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`;
      throw new AwsError('PurgeQueueInProgress', rule, 403);
    }
    purged.set(queue.name, clock.now());
    store.transaction(() => messages.purge(queue.name));
  }

  return {
    GetQueueUrl: ({ QueueName, QueueOwnerAWSAccountId: _, ...rest }) => {
      only('GetQueueUrl', rest, []);
      return { QueueUrl: queueUrl(queues.byUrl(QueueName).name) };
    },
    GetQueueAttributes: ({ QueueUrl, AttributeNames = [], ...rest }) => {
      only('GetQueueAttributes', rest, []);
      const queue = queues.byUrl(QueueUrl);
      store.transaction(() => messages.expire(queue.name, clock.now() - queue.retentionSeconds * 1000));
      return { Attributes: asked(queueAttributes(queue, messages.counts(queue.name)), AttributeNames) };
    },
    ListQueues: ({ QueueNamePrefix = '', ...paging }) => {
      const names = queues.all().flatMap(({ name }) => (name.startsWith(QueueNamePrefix) ? [name] : []));
      return page('ListQueues', 'QueueUrls', names, paging);
    },
    ListDeadLetterSourceQueues: ({ QueueUrl, ...paging }) => {
      const { arn } = queues.byUrl(QueueUrl);
      const sources = queues.all().filter(({ redrive }) => redrive?.deadLetterTargetArn === arn);
      const names = sources.map(({ name }) => name);
      return page('ListDeadLetterSourceQueues', 'queueUrls', names, paging);
    },
    PurgeQueue: ({ QueueUrl, ...rest }) => {
      only('PurgeQueue', rest, []);
      purge(queues.byUrl(QueueUrl));
    },
  };
}

function page(operation: string, member: string, names: string[], paging: Record<string, unknown>) {
  only(operation, paging, ['MaxResults', 'NextToken']);
  const { MaxResults = 1000, NextToken } = paging as { MaxResults?: number; NextToken?: string };
  const rest = names.filter((name) => !NextToken || name > NextToken);
  const shown = rest.slice(0, MaxResults);
  const more = rest.length > shown.length;
  return { [member]: shown.map(queueUrl), ...(more ? { NextToken: shown.at(-1) } : {}) };
}

function asked(attributes: Record<string, string>, names: string[]): Record<string, string> | undefined {
  const wanted = Object.entries(attributes).filter(([name]) => names.includes('All') || names.includes(name));
  return wanted.length > 0 ? Object.fromEntries(wanted) : undefined;
}

function queueAttributes(queue: Queue, counts: ReturnType<Messages['counts']>): Record<string, string> {
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    CreatedTimestamp: String(Math.floor(queue.created / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modified / 1000)),
    VisibilityTimeout: String(queue.visibilitySeconds),
    MaximumMessageSize: String(queue.maxBytes),
    MessageRetentionPeriod: String(queue.retentionSeconds),
    DelaySeconds: String(queue.delaySeconds),
    ReceiveMessageWaitTimeSeconds: String(queue.waitSeconds),
    ...(queue.redrive ? { RedrivePolicy: JSON.stringify(queue.redrive) } : {}),
    ...(queue.fifo ? fifoAttributes(queue) : {}),
  };
}

function fifoAttributes({ contentBased, dedupScope, properties }: Queue): Record<string, string> {
  return {
    FifoQueue: 'true',
    ContentBasedDeduplication: String(contentBased),
    DeduplicationScope: dedupScope,
    FifoThroughputLimit: String(properties.FifoThroughputLimit ?? 'perQueue'),
  };
}
