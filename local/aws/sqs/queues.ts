import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { AwsError, only, refuse } from '../service.ts';

/** AWS::SQS::Queue with intrinsics resolved; CloudFormation allows numbers and booleans as text. */
export type QueueProperties = Record<string, unknown>;

export interface Queue {
  name: string;
  arn: string;
  fifo: boolean;
  /** Deduplicates by the body's hash when a message names no id. */
  contentBased: boolean;
  /** Whether deduplication looks at one message group or at the whole queue. */
  dedupScope: 'messageGroup' | 'queue';
  delaySeconds: number;
  visibilitySeconds: number;
  retentionSeconds: number;
  waitSeconds: number;
  maxBytes: number;
  redrive?: { deadLetterTargetArn: string; maxReceiveCount: number };
  created: number;
  modified: number;
  /** The properties as given: what GetQueueAttributes shows of policies and throughput. */
  properties: QueueProperties;
}

/** The queues that exist; definitions are kept so that creation times survive a restart. */
export interface Queues {
  define(name: string, properties: QueueProperties): void;
  byUrl(url: unknown): Queue;
  byArn(arn: string): Queue;
  all(): Queue[];
}

const ARN = 'arn:aws:sqs:us-east-1:000000000000:';
const URL_PREFIX = 'http://sqs.local/000000000000/';

/** SQS's own limit of a message and of a batch, body and attributes together. */
export const MAX_BYTES = 1_048_576;

const KNOWN = [
  ...['QueueName', 'FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit'],
  ...['DelaySeconds', 'MaximumMessageSize', 'MessageRetentionPeriod', 'ReceiveMessageWaitTimeSeconds'],
  ...['VisibilityTimeout', 'RedrivePolicy', 'RedriveAllowPolicy', 'SqsManagedSseEnabled', 'KmsMasterKeyId'],
  ...['KmsDataKeyReusePeriodSeconds', 'Tags'],
];

export function queueUrl(name: string): string {
  return URL_PREFIX + name;
}

export function queues(store: Store, clock: Clock): Queues {
  store
    .sql(
      'CREATE TABLE IF NOT EXISTS sqs_queue (name TEXT PRIMARY KEY, properties TEXT, created INT, modified INT)',
    )
    .run();
  const known = new Map<string, Queue>();

  function define(name: string, properties: QueueProperties): void {
    const parsed = parse(name, properties);
    const text = JSON.stringify(properties);
    const now = clock.now();
    const row = store.transaction(() =>
      store
        .sql(
          `INSERT INTO sqs_queue VALUES (?1, ?2, ?3, ?3) ON CONFLICT (name) DO UPDATE
             SET modified = iif(properties = ?2, modified, ?3), properties = ?2 RETURNING created, modified`,
        )
        .get(name, text, now),
    ) as { created: number; modified: number };
    known.set(name, { ...parsed, ...row });
  }

  function find(name: string): Queue {
    const queue = known.get(name);
    if (!queue) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
    return queue;
  }

  return {
    define,
    byUrl: (url) => find(String(url ?? '').slice(String(url ?? '').lastIndexOf('/') + 1)),
    byArn: (arn) => find(arn.startsWith(ARN) ? arn.slice(ARN.length) : arn),
    all: () => [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function parse(name: string, properties: QueueProperties): Omit<Queue, 'created' | 'modified'> {
  only(`AWS::SQS::Queue ${name}`, properties, KNOWN);
  const fifo = isTrue(properties.FifoQueue);
  if (fifo !== name.endsWith('.fifo')) invalid(`${name}: a FIFO queue's name, and only its, ends in .fifo`);
  const number = limits(name, properties);
  return {
    name,
    arn: ARN + name,
    fifo,
    contentBased: isTrue(properties.ContentBasedDeduplication),
    dedupScope: properties.DeduplicationScope === 'messageGroup' ? 'messageGroup' : 'queue',
    delaySeconds: number('DelaySeconds', 0, [0, 900]),
    visibilitySeconds: number('VisibilityTimeout', 30, [0, 43_200]),
    retentionSeconds: number('MessageRetentionPeriod', 345_600, [60, 1_209_600]),
    waitSeconds: number('ReceiveMessageWaitTimeSeconds', 0, [0, 20]),
    maxBytes: number('MaximumMessageSize', MAX_BYTES, [1024, MAX_BYTES]),
    redrive: redrive(name, properties),
    properties,
  };
}

function limits(name: string, properties: QueueProperties) {
  return (key: string, otherwise: number, [least, most]: [number, number]): number => {
    const value = Number(properties[key] ?? otherwise);
    if (!(Number.isInteger(value) && value >= least && value <= most)) invalid(`${name}: ${key} ${value}`);
    return value;
  };
}

function redrive(name: string, { RedrivePolicy, RedriveAllowPolicy }: QueueProperties): Queue['redrive'] {
  const allow = object(RedriveAllowPolicy)?.redrivePermission;
  if (allow && allow !== 'allowAll') refuse(`RedriveAllowPolicy ${allow} of ${name}`);
  const policy = object(RedrivePolicy);
  if (!policy) return undefined;
  only(`RedrivePolicy of ${name}`, policy, ['deadLetterTargetArn', 'maxReceiveCount']);
  const target = String(policy.deadLetterTargetArn);
  const maxReceiveCount = Number(policy.maxReceiveCount);
  if (!(maxReceiveCount >= 1 && maxReceiveCount <= 1000))
    invalid(`${name}: maxReceiveCount ${maxReceiveCount}`);
  if (target.endsWith('.fifo') !== name.endsWith('.fifo')) {
    invalid(`${name}: dead-letter queue must be same type of queue as the source`);
  }
  return { deadLetterTargetArn: target, maxReceiveCount };
}

function object(value: unknown): Record<string, unknown> | undefined {
  return (typeof value === 'string' ? JSON.parse(value) : value) as Record<string, unknown> | undefined;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

function invalid(message: string): never {
  throw new AwsError('InvalidParameterValue', message);
}
