import * as z from 'zod/mini';
import { cut, oneLine } from '../text.ts';
import type { Draft } from '../ticket.ts';
import type { Meaning, Told } from '../told.ts';
import { fromNewIssue, NewIssue } from './rest.ts';

/** Another event than ours may look any way: it is named and not read. */
export const ErpDelivery = z.object({
  event: z.string().check(z.maxLength(100)),
  issue: z.optional(z.unknown()),
});

const externalId = z.string().check(z.trim(), z.minLength(1), z.maxLength(200));
const by = z.optional(z.string().check(z.maxLength(200)));
const at = z.optional(z.iso.datetime({ offset: true }));

const Written = z.extend(NewIssue, {
  externalId,
  reporter: z.optional(
    z.strictObject({
      name: z.string().check(z.minLength(1), z.maxLength(200)),
      email: z.optional(z.email()),
    }),
  ),
});

/** `at` is when it happened at the ERP; without it, when it reached us. */
export const ErpIssue = z.discriminatedUnion('event', [
  z.object({ event: z.literal('issue.created'), issue: Written, at }),
  z.object({ event: z.literal('issue.updated'), issue: Written, at, by }),
  z.object({ event: z.literal('issue.closed'), issue: z.object({ externalId }), at, by }),
  z.object({ event: z.literal('issue.reopened'), issue: z.object({ externalId }), at, by }),
  z.object({
    event: z.literal('issue.commented'),
    issue: z.object({ externalId }),
    comment: z.object({
      id: z.string().check(z.minLength(1), z.maxLength(90)),
      text: z.string().check(z.maxLength(60_000)),
    }),
    at,
    by,
  }),
]);
export type ErpIssue = z.infer<typeof ErpIssue>;

export const ERP_EVENTS = ['created', 'updated', 'closed', 'reopened', 'commented'].map(
  (word) => `issue.${word}`,
);

interface Received {
  id: string;
  at: string;
}

/** What happened to an issue in the ERP, which always has an id of its own for it. */
export function fromErp(org: string, delivery: ErpIssue, received: Received): Meaning {
  const changedAt = new Date(delivery.at ?? received.at).toISOString();
  const { externalId } = delivery.issue;
  if (delivery.event === 'issue.created')
    return { kind: 'request', draft: { ...draftOf(org, delivery.issue, received), changedAt } };
  const by = oneLine(delivery.by ?? 'ERP', 100);
  const told: Told = { org, source: 'erp', externalId, at: changedAt, by };
  if (delivery.event === 'issue.updated')
    return { kind: 'told', told: { ...told, as: { ...draftOf(org, delivery.issue, received), changedAt } } };
  if (delivery.event === 'issue.commented') {
    const { id, text } = delivery.comment;
    const comment = { id: `erp#${id}`, at: changedAt, by, text: cut(text, 2_000), isGone: false };
    return { kind: 'told', told: { ...told, comment } };
  }
  return { kind: 'told', told: { ...told, state: delivery.event === 'issue.closed' ? 'closed' : 'open' } };
}

function draftOf(org: string, { reporter, ...rest }: z.infer<typeof Written>, received: Received): Draft {
  return fromNewIssue(rest, {
    org,
    source: 'erp',
    reporter: { ...reporter, name: oneLine(reporter?.name ?? 'ERP', 200) || 'ERP' },
    deliveryId: received.id,
    receivedAt: received.at,
  });
}
