import * as z from 'zod';
import { oneLine } from '../text.ts';
import type { Draft } from '../ticket.ts';
import { fromNewIssue, NewIssue } from './rest.ts';

/** Another event than ours may look any way: it is named and not read. */
export const ErpDelivery = z.object({ event: z.string().max(100), issue: z.unknown() });

export const ErpIssue = z.object({
  event: z.literal('issue.created'),
  issue: NewIssue.extend({
    externalId: z.string().trim().min(1).max(200),
    reporter: z.strictObject({ name: z.string().min(1).max(200), email: z.email().optional() }).optional(),
  }),
});
export type ErpIssue = z.infer<typeof ErpIssue>;

/** The request that an ERP's new issue makes. The ERP always has an id of its own for it. */
export function fromErp(org: string, { issue }: ErpIssue, received: { id: string; at: string }): Draft {
  const { reporter, ...rest } = issue;
  return fromNewIssue(rest, {
    org,
    source: 'erp',
    reporter: { ...reporter, name: oneLine(reporter?.name ?? 'ERP', 200) || 'ERP' },
    deliveryId: received.id,
    receivedAt: received.at,
  });
}
