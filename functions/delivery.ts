import { createHash } from 'node:crypto';
import { log } from '#adapters/log.ts';
import { Fault } from '#core/fault.ts';
import type { Clock, Delivery, Tickets, WebhookSecrets } from '#core/ports.ts';
import { meaningOf } from '#core/tickets/read.ts';
import { take } from '#core/tickets/take.ts';
import type { Source } from '#core/tickets/ticket.ts';
import type { Meaning } from '#core/tickets/told.ts';
import type { Reply, Request } from './http.ts';

/** What every function behind a webhook needs. */
export interface Inbound {
  tickets: Tickets;
  secrets: WebhookSecrets;
  clock: Clock;
}

/** Signatures and credentials are not kept with a delivery. */
const KEPT_HEADER =
  /^(content-type|user-agent|x-github-(event|delivery|hook-id)|x-atlassian-webhook-(identifier|retry|flow)|webhook-(id|timestamp)|idempotency-key)$/;

/** The organization in the path of a delivery whose signature holds. Throws a bare `Unauthorized` otherwise, and counts it. */
export async function authentic(
  { params, headers, raw }: Request,
  source: Source,
  inbound: Inbound & { isSigned: (key: string, raw: Buffer, headers: Request['headers']) => boolean },
): Promise<string> {
  const org = params.org ?? '';
  const found = await inbound.secrets.check(org, source, (key) => inbound.isSigned(key, raw, headers));
  if (found === 'signed') return org;
  // An organization that nobody knows gets no row of its own, or senders could fill the table.
  if (found === 'unknown') return refuse(inbound.tickets, { org: '-', source, reason: 'unknown' });
  return refuse(inbound.tickets, { org, source, reason: 'signature' });
}

/** Counts a refused delivery and throws a bare `Unauthorized`: the sender learns nothing. */
export async function refuse(
  tickets: Pick<Tickets, 'countRefused'>,
  why: { org: string; source: Source; reason: string },
): Promise<never> {
  await count(tickets, why);
  throw new Fault('Unauthorized', 'Unauthorized');
}

/**
 * Does what a genuine delivery means, and answers its sender: 202 with the ticket, 204 when there is none. One that cannot
 * be understood is kept and counted before its sender hears what is wrong, so that it can be read again after a fix.
 */
export async function taken(
  delivery: Delivery,
  { tickets, clock }: Pick<Inbound, 'tickets' | 'clock'>,
): Promise<Reply> {
  const meaning = await understood(delivery, tickets);
  const { ticket } = await take(delivery, meaning, { tickets, now: clock.now() });
  return ticket ? { status: 202, body: { id: ticket.id } } : { status: 204 };
}

/** What a delivery means; see {@link taken}. */
export async function understood(
  delivery: Delivery,
  tickets: Pick<Tickets, 'countRefused' | 'keep'>,
  read: (delivery: Delivery) => Meaning = meaningOf,
): Promise<Meaning> {
  const { org, source } = delivery;
  try {
    return read(delivery);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    await tickets.keep(delivery, { outcome: 'malformed', why: error.message });
    await count(tickets, { org, source, reason: 'malformed' });
    throw error;
  }
}

async function count(
  tickets: Pick<Tickets, 'countRefused'>,
  { org, source, reason }: { org: string; source: Source; reason: string },
): Promise<void> {
  try {
    await tickets.countRefused(org, source, reason);
  } catch (error) {
    log.warn('a refused delivery could not be counted', { source, reason, error });
  }
}

/** The delivery as it is kept. Without a usable id of the provider's, its body stands for it. */
export function deliveryOf(
  { raw, headers }: Request,
  { org, source, id, now }: { org: string; source: Source; id: string | undefined; now: Date },
): Delivery {
  const bodyHash = createHash('sha256').update(raw).digest('hex');
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    KEPT_HEADER.test(name) && value ? [[name, value.slice(0, 500)] as const] : [],
  );
  return {
    org,
    source,
    id: id && id.length <= 200 ? id : bodyHash,
    bodyHash,
    headers: Object.fromEntries(kept),
    body: raw.toString('base64'),
    receivedAt: now.toISOString(),
  };
}
