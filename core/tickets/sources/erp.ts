import * as z from 'zod/mini';
import { oneLine } from '../text.ts';
import type { Draft } from '../ticket.ts';
import { fromNewIssue, NewIssue } from './rest.ts';

/** Another event than ours may look any way: it is named and not read. */
export const ErpDelivery = z.object({
  event: z.string().check(z.maxLength(100)),
  issue: z.optional(z.unknown()),
});

export const ErpIssue = z.object({
  event: z.literal('issue.created'),
  issue: z.extend(NewIssue, {
    externalId: z.string().check(z.trim(), z.minLength(1), z.maxLength(200)),
    reporter: z.optional(
      z.strictObject({
        name: z.string().check(z.minLength(1), z.maxLength(200)),
        email: z.optional(z.email()),
      }),
    ),
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
