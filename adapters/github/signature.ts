import { createHmac, timingSafeEqual } from 'node:crypto';

/** Whether `sha256=<hex>` is the HMAC of exactly these bytes: GitHub's `X-Hub-Signature-256`, Jira's `X-Hub-Signature`. */
export function isSigned(raw: Buffer, header: string | undefined, key: string): boolean {
  const given = /^sha256=([0-9a-f]{64})$/i.exec(header ?? '')?.[1];
  if (!given || !key) return false;
  return timingSafeEqual(Buffer.from(given, 'hex'), createHmac('sha256', key).update(raw).digest());
}
