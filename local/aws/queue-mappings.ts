import type { Clock } from '../clock.ts';
import { AwsError, type Invoke, only, refuse } from './service.ts';
import type { Message } from './sqs/messages.ts';
import { eventRecord } from './sqs/shapes.ts';
import type { Sqs } from './sqs/sqs.ts';

/** Queues that call functions: AWS::Lambda::EventSourceMapping on an SQS queue. */
export interface QueueMappings {
  /** Starts polling; what a stopped or killed process held of this mapping is delivered again at once. */
  define(id: string, properties: Record<string, unknown>): void;
  /** Resolves once no function runs on a queue's behalf. */
  stop(): Promise<void>;
}

interface Mapping {
  id: string;
  arn: string;
  functionName: string;
  batchSize: number;
  windowMs: number;
  concurrency: number;
  partial: boolean;
}

/** Batches at work at a time where the mapping sets no limit. AWS goes to 1,250; one machine should not. */
const CONCURRENCY = 10;

const KNOWN = [
  ...[
    'EventSourceArn',
    'FunctionName',
    'BatchSize',
    'MaximumBatchingWindowInSeconds',
    'FunctionResponseTypes',
  ],
  ...['ScalingConfig', 'Enabled', 'Tags'],
];

/** Polls at no cost while a queue is empty: it wakes when a message is sent or shows again. */
export function queueMappings(queues: Sqs, clock: Clock, invoke: Invoke): QueueMappings {
  const running = new Map<string, { stop: () => void; done: Promise<void> }>();

  function define(id: string, properties: Record<string, unknown>): void {
    if (running.has(id) || properties.Enabled === false) return;
    const mapping = parse(id, properties);
    const stopped = new AbortController();
    queues.release(mapping.arn, id);
    const done = poll({ queues, clock, invoke, signal: stopped.signal }, mapping);
    running.set(id, { stop: () => stopped.abort(), done });
  }

  return {
    define,
    stop: async () => {
      for (const { stop } of running.values()) stop();
      await Promise.all([...running.values()].map(({ done }) => done));
      running.clear();
    },
  };
}

interface Parts {
  queues: Sqs;
  clock: Clock;
  invoke: Invoke;
  signal: AbortSignal;
}

async function poll(parts: Parts, mapping: Mapping): Promise<void> {
  const atWork = new Set<Promise<void>>();
  while (!parts.signal.aborted) {
    const batch = await gather(parts, mapping);
    if (parts.signal.aborted) break;
    const work = deliver(parts, mapping, batch).finally(() => atWork.delete(work));
    atWork.add(work);
    if (atWork.size >= mapping.concurrency) await Promise.race(atWork);
  }
  await Promise.all(atWork);
  parts.queues.release(mapping.arn, mapping.id);
}

/** A batch: from its first message on it waits for more until it is full or the window has passed. */
async function gather({ queues, clock, signal }: Parts, mapping: Mapping): Promise<Message[]> {
  const queue = queues.queue(mapping.arn);
  const batch: Message[] = [];
  let until = Number.POSITIVE_INFINITY;
  do {
    const limit = mapping.batchSize - batch.length;
    const visibilitySeconds = queue.visibilitySeconds;
    batch.push(
      ...(await queues.receive(queue, { limit, visibilitySeconds, until, signal, holder: mapping.id })),
    );
    until = Math.min(until, clock.now() + mapping.windowMs);
  } while (batch.length < mapping.batchSize && clock.now() < until && !signal.aborted);
  return batch;
}

async function deliver({ queues, invoke }: Parts, mapping: Mapping, batch: Message[]): Promise<void> {
  const event = { Records: batch.map((message) => eventRecord(message, mapping.arn)) };
  // A function that fails leaves its messages hidden until their visibility runs out, as on AWS.
  const failed = await invoke(mapping.functionName, event).then(
    (result) => (mapping.partial ? failures(result, batch) : []),
    () => batch.map(({ id }) => id),
  );
  const isFailed = ({ id }: Message) => failed.includes(id);
  await queues.settle(
    batch.filter((message) => !isFailed(message)),
    batch.filter(isFailed),
  );
}

/** The ids that the function reports; a report that makes no sense counts as failure of the whole batch. */
function failures(result: unknown, batch: Message[]): string[] {
  const all = batch.map(({ id }) => id);
  const items = (result as { batchItemFailures?: unknown } | null | undefined)?.batchItemFailures ?? [];
  if (!Array.isArray(items)) return all;
  const ids = items.map((item) => (item as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  return ids.every((id) => typeof id === 'string' && all.includes(id)) ? (ids as string[]) : all;
}

function parse(id: string, properties: Record<string, unknown>): Mapping {
  only(`AWS::Lambda::EventSourceMapping ${id}`, properties, KNOWN);
  const scaling = (properties.ScalingConfig ?? {}) as { MaximumConcurrency?: number };
  const types = (properties.FunctionResponseTypes ?? []) as string[];
  const unknown = types.find((type) => type !== 'ReportBatchItemFailures');
  if (unknown) refuse(`FunctionResponseTypes ${unknown} of ${id}`);
  const arn = String(properties.EventSourceArn);
  const batchSize = Number(properties.BatchSize ?? 10);
  const windowMs = Number(properties.MaximumBatchingWindowInSeconds ?? 0) * 1000;
  checkBatch({ id, arn, batchSize, windowMs });
  return {
    ...{ id, arn, batchSize, windowMs },
    functionName: String(properties.FunctionName),
    concurrency: Number(scaling.MaximumConcurrency ?? CONCURRENCY),
    partial: types.length > 0,
  };
}

function checkBatch({
  id,
  arn,
  batchSize,
  windowMs,
}: Pick<Mapping, 'id' | 'arn' | 'batchSize' | 'windowMs'>): void {
  const fifo = arn.endsWith('.fifo');
  if (fifo && windowMs > 0) invalid(`${id}: a batching window is not supported for FIFO queues`);
  if (!(batchSize >= 1 && batchSize <= (fifo ? 10 : 10_000))) invalid(`${id}: BatchSize ${batchSize}`);
  if (batchSize > 10 && windowMs < 1000)
    invalid(`${id}: BatchSize over 10 needs a batching window of 1 s or more`);
}

function invalid(message: string): never {
  throw new AwsError('InvalidParameterValueException', message);
}
