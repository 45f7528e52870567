import { createHmac, timingSafeEqual } from 'node:crypto';

interface Message {
  id: string;
  /** Epoch seconds, as in the header. */
  timestamp: string;
  raw: Buffer;
}

const SECONDS = 300;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The three headers of a Standard Webhooks delivery, or nothing when one is missing or misshapen. */
export function messageOf(
  headers: Record<string, string | undefined>,
  raw: Buffer,
): (Message & { signature: string }) | undefined {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
  if (!id || id.length > 200 || !/^\d{1,12}$/.test(timestamp ?? '') || !signature) return undefined;
  return { id, timestamp: timestamp as string, raw, signature };
}

/** Whether the signed time is within five minutes of now, before or after. */
export function isFresh({ timestamp }: Pick<Message, 'timestamp'>, now: Date): boolean {
  return Math.abs(now.getTime() / 1000 - Number(timestamp)) <= SECONDS;
}

/** Whether one of the space-separated `v1,<base64>` signatures is over `id.timestamp.body`. `whsec_…` keys are base64. */
export function isSignedMessage(message: Message & { signature: string }, key: string): boolean {
  if (!key) return false;
  const expected = Buffer.from(signMessage(message, key));
  return message.signature.split(' ').some((one) => {
    const given = Buffer.from(one);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** The signature header's value for a message that we send, or that a test sends. */
export function signMessage({ id, timestamp, raw }: Message, key: string): string {
  const encoded = key.startsWith('whsec_') ? key.slice('whsec_'.length) : '';
  const bytes = BASE64.test(encoded) ? Buffer.from(encoded, 'base64') : Buffer.from(key);
  const digest = createHmac('sha256', bytes).update(`${id}.${timestamp}.`).update(raw).digest('base64');
  return `v1,${digest}`;
}
