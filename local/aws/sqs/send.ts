import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { AwsError } from '../service.ts';
import { attributesSize, type MessageAttributes } from './digest.ts';
import type { Messages } from './messages.ts';
import { MAX_BYTES, type Queue } from './queues.ts';

/** One message as SendMessage and the entries of SendMessageBatch give it. */
export interface SendInput {
  MessageBody: string;
  DelaySeconds?: number;
  MessageAttributes?: MessageAttributes;
  MessageSystemAttributes?: MessageAttributes;
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
}

export interface Sent {
  id: string;
  seq: number;
}

/** How long a FIFO queue remembers an id: fixed by SQS. */
const DEDUP_WINDOW = 5 * 60_000;

const ID = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;

/** What SQS takes as text: XML's characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that it refuses
const FORBIDDEN = /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Puts messages into queues: checks, limits, delays, and the deduplication window, which survives a restart. */
export function sender(store: Store, clock: Clock, messages: Messages) {
  const table = 'sqs_dedup (key TEXT PRIMARY KEY, id TEXT, seq INT, until INT)';
  store.sql(`CREATE TABLE IF NOT EXISTS ${table}`).run();
  store.sql('CREATE INDEX IF NOT EXISTS sqs_dedup_until ON sqs_dedup (until)').run();

  /** Adds the message, or answers the one that it repeats. Call it inside a transaction. */
  return function send(queue: Queue, input: SendInput): Sent {
    check(queue, input);
    const dedupId = queue.fifo ? dedupIdOf(queue, input) : null;
    const key = dedupId && dedupKey(queue, input, dedupId);
    const repeated = key ? remembered(key) : undefined;
    if (repeated) return repeated;
    const delay = (input.DelaySeconds ?? queue.delaySeconds) * 1000;
    const message = messages.add({
      queue: queue.name,
      body: input.MessageBody,
      attributes: input.MessageAttributes ?? {},
      system: systemOf(input),
      groupId: input.MessageGroupId ?? null,
      dedupId,
      visible: clock.now() + delay,
    });
    if (key) remember(key, message);
    return message;
  };

  function remembered(key: string): Sent | undefined {
    store.sql('DELETE FROM sqs_dedup WHERE until <= ?').run(clock.now());
    return store.sql('SELECT id, seq FROM sqs_dedup WHERE key = ?').get(key) as Sent | undefined;
  }

  function remember(key: string, { id, seq }: Sent): void {
    store.sql('INSERT INTO sqs_dedup VALUES (?, ?, ?, ?)').run(key, id, seq, clock.now() + DEDUP_WINDOW);
  }
}

/** Body and attributes in bytes, as SQS measures its limits. */
export function sizeOf({ MessageBody, MessageAttributes = {} }: SendInput): number {
  return Buffer.byteLength(MessageBody) + attributesSize(MessageAttributes);
}

function check(queue: Queue, input: SendInput): void {
  if (!input.MessageBody)
    throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (FORBIDDEN.test(input.MessageBody)) {
    throw new AwsError('InvalidMessageContents', 'The message contains characters outside the allowed set.');
  }
  if (sizeOf(input) > Math.min(queue.maxBytes, MAX_BYTES)) {
    invalid(
      `One or more parameters are invalid. Reason: Message must be shorter than ${queue.maxBytes} bytes.`,
    );
  }
  checkDelay(queue, input.DelaySeconds);
  checkAttributes(input);
  checkIds(queue, input);
}

function checkDelay({ fifo }: Queue, seconds: number | undefined): void {
  if (seconds === undefined) return;
  const reason = (why: string) => `Value ${seconds} for parameter DelaySeconds is invalid. Reason: ${why}`;
  if (fifo && seconds > 0)
    invalid(reason('The request include parameter that is not valid for this queue type.'));
  if (!(seconds >= 0 && seconds <= 900)) invalid(reason('DelaySeconds must be >= 0 and <= 900.'));
}

function checkAttributes({ MessageAttributes = {}, MessageSystemAttributes = {} }: SendInput): void {
  if (Object.keys(MessageAttributes).length > 10)
    invalid('Number of message attributes exceeds the allowed maximum.');
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(MessageAttributes)) {
    if (!/^(String|Number|Binary)(\..+)?$/.test(DataType)) {
      invalid(`The type of message (user) attribute '${name}' is invalid.`);
    }
    const value = DataType.startsWith('Binary') ? BinaryValue : StringValue;
    if (!value)
      invalid(`Message (user) attribute '${name}' must contain a non-empty value of type '${DataType}'.`);
  }
  const unknown = Object.keys(MessageSystemAttributes).find((name) => name !== 'AWSTraceHeader');
  if (unknown) invalid(`Message system attribute name '${unknown}' is invalid.`);
}

function checkIds({ fifo }: Queue, { MessageGroupId, MessageDeduplicationId }: SendInput): void {
  if (fifo && !MessageGroupId) {
    throw new AwsError('MissingParameter', 'The request must contain the parameter MessageGroupId.');
  }
  if (!fifo && MessageDeduplicationId) {
    invalid(
      'The request includes a parameter that is not valid for this queue type: MessageDeduplicationId.',
    );
  }
  for (const [name, id] of Object.entries({ MessageGroupId, MessageDeduplicationId })) {
    if (id !== undefined && !ID.test(id)) {
      invalid(
        `Value ${id} for parameter ${name} is invalid. Reason: ${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
      );
    }
  }
}

function dedupIdOf({ contentBased }: Queue, { MessageDeduplicationId, MessageBody }: SendInput): string {
  if (MessageDeduplicationId) return MessageDeduplicationId;
  if (contentBased) return createHash('sha256').update(MessageBody).digest('hex');
  return invalid(
    'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
  );
}

function dedupKey(queue: Queue, { MessageGroupId = '' }: SendInput, id: string): string {
  return JSON.stringify([queue.name, queue.dedupScope === 'messageGroup' ? MessageGroupId : '', id]);
}

function systemOf({ MessageSystemAttributes }: SendInput): Record<string, string> {
  const trace = MessageSystemAttributes?.AWSTraceHeader?.StringValue;
  return { SenderId: '000000000000', ...(trace ? { AWSTraceHeader: trace } : {}) };
}

function invalid(message: string): never {
  throw new AwsError('InvalidParameterValue', message);
}
