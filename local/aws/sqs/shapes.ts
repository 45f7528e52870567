import { type MessageAttributes, md5, md5OfAttributes } from './digest.ts';
import type { Message } from './messages.ts';
import type { SendInput, Sent } from './send.ts';

/** AWS prints sequence numbers with twenty digits, so that they sort as text. */
function sequenceNumber(seq: number): string {
  return String(seq).padStart(20, '0');
}

/** What SendMessage answers. */
export function sentShape(input: SendInput, { id, seq }: Sent, fifo: boolean) {
  return {
    MessageId: id,
    MD5OfMessageBody: md5(input.MessageBody),
    MD5OfMessageAttributes: md5OfAttributes(input.MessageAttributes ?? {}),
    MD5OfMessageSystemAttributes: md5OfAttributes(input.MessageSystemAttributes ?? {}),
    SequenceNumber: fifo ? sequenceNumber(seq) : undefined,
  };
}

/** A message as ReceiveMessage answers it, with the attributes asked for. */
export function receivedShape(message: Message, system: string[], names: string[]) {
  const attributes = pick(message.attributes, names);
  const wanted = Object.entries(systemAttributes(message)).filter(
    ([name]) => system.includes('All') || system.includes(name),
  );
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    Body: message.body,
    MD5OfBody: md5(message.body),
    MD5OfMessageAttributes: md5OfAttributes(attributes),
    Attributes: wanted.length > 0 ? Object.fromEntries(wanted) : undefined,
    MessageAttributes: Object.keys(attributes).length > 0 ? attributes : undefined,
  };
}

/** A message as Lambda hands it to a function. */
export function eventRecord(message: Message, eventSourceARN: string) {
  return {
    messageId: message.id,
    receiptHandle: message.receipt,
    body: message.body,
    attributes: systemAttributes(message),
    messageAttributes: Object.fromEntries(
      Object.entries(message.attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        {
          stringValue: StringValue,
          binaryValue: BinaryValue,
          stringListValues: [],
          binaryListValues: [],
          dataType: DataType,
        },
      ]),
    ),
    md5OfMessageAttributes: md5OfAttributes(message.attributes),
    md5OfBody: md5(message.body),
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion: 'us-east-1',
  };
}

function systemAttributes(message: Message): Record<string, string> {
  const fifo = message.queue.endsWith('.fifo');
  return {
    ...message.system,
    SentTimestamp: String(message.sent),
    ApproximateReceiveCount: String(message.received),
    ApproximateFirstReceiveTimestamp: String(message.firstReceived),
    ...(message.groupId ? { MessageGroupId: message.groupId } : {}),
    ...(message.dedupId ? { MessageDeduplicationId: message.dedupId } : {}),
    ...(fifo ? { SequenceNumber: sequenceNumber(message.seq) } : {}),
  };
}

function pick(attributes: MessageAttributes, names: string[]): MessageAttributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([name]) => names.some((one) => isAsked(one, name))),
  );
}

function isAsked(asked: string, name: string): boolean {
  if (asked === 'All' || asked === '.*') return true;
  return asked.endsWith('.*') ? name.startsWith(asked.slice(0, -2)) : asked === name;
}
