import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What a request from Slack says of itself, before it is believed. */
export interface Signature {
  /** Epoch seconds, as in the header. */
  timestamp: string;
  /** 64 hex digits. */
  digest: string;
}

const SECONDS = 300;

/**
 * The signature of a request, when both headers are there once, well-formed, and within five minutes of now. API Gateway
 * joins a header that was sent twice by a comma, which no well-formed value has.
 */
export function signatureOf(headers: Record<string, string | undefined>, now: Date): Signature | undefined {
  const timestamp = headers['x-slack-request-timestamp'] ?? '';
  const digest = /^v0=([0-9a-f]{64})$/.exec(headers['x-slack-signature'] ?? '')?.[1];
  if (!digest || !/^\d{1,12}$/.test(timestamp)) return undefined;
  const age = Math.floor(now.getTime() / 1000) - Number(timestamp);
  return Math.abs(age) <= SECONDS ? { timestamp, digest } : undefined;
}

/** Whether the signature is over exactly these bytes. An empty key signs nothing. */
export function isSignedBy(key: string, raw: Buffer, { timestamp, digest }: Signature): boolean {
  if (!key) return false;
  return timingSafeEqual(Buffer.from(digest, 'hex'), hmac(key, raw, timestamp));
}

/** The signature header's value, as Slack makes it. */
export function signatureFor(key: string, raw: Buffer, timestamp: string): string {
  return `v0=${hmac(key, raw, timestamp).toString('hex')}`;
}

/** What a request is remembered by, so that a copy of it does nothing. */
export function replayHash({ digest }: Signature): string {
  return createHash('sha256').update(digest).digest('hex');
}

function hmac(key: string, raw: Buffer, timestamp: string): Buffer {
  return createHmac('sha256', key).update(`v0:${timestamp}:`).update(raw).digest();
}
