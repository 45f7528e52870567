import * as z from 'zod';
import { cut, oneLine } from '../text.ts';
import { type Draft, Priority, type Source, TicketType } from '../ticket.ts';

const METADATA_BYTES = 16_000;

const Metadata = z
  .record(z.string().max(200), z.unknown())
  .refine(
    (value) => JSON.stringify(value).length <= METADATA_BYTES,
    `at most ${METADATA_BYTES} bytes as JSON`,
  );

/** The body of `POST /api/issues`. Names that it does not know are refused: a misspelt `priority` must not be lost. */
export const NewIssue = z.strictObject({
  /** The sender's own id for it: the same one again is the same ticket. */
  externalId: z.string().trim().min(1).max(200).optional(),
  type: TicketType.optional(),
  priority: Priority.optional(),
  title: z.string().trim().min(1).max(300),
  description: z.string().max(60_000).default(''),
  context: z
    .strictObject({
      module: z.string().trim().min(1).max(200).optional(),
      /** The customer on the sender's side that it concerns; never our organization, which comes from the key. */
      organizationId: z.string().max(200).optional(),
      affectedFiles: z.array(z.string().max(500)).max(100).optional(),
      relatedIssues: z.array(z.string().max(200)).max(100).optional(),
      metadata: Metadata.optional(),
    })
    .default({}),
});
export type NewIssue = z.infer<typeof NewIssue>;

interface Sender {
  org: string;
  source: Extract<Source, 'rest' | 'erp'>;
  reporter: Draft['reporter'];
  /** Stands for the external id where the sender has none. */
  deliveryId: string;
  receivedAt: string;
}

/** The request that an issue sent to us makes. */
export function fromNewIssue(issue: NewIssue, sender: Sender): Draft {
  const { module, organizationId, affectedFiles, relatedIssues, metadata } = issue.context;
  const told = { organizationId, affectedFiles, relatedIssues, ...metadata };
  const known = Object.entries(told).filter(([, value]) => value !== undefined);
  return {
    org: sender.org,
    source: sender.source,
    externalId: oneLine(issue.externalId ?? sender.deliveryId, 200),
    title: oneLine(issue.title, 300) || 'Untitled',
    body: cut(issue.description, 60_000),
    reporter: sender.reporter,
    labels: [],
    concerns: module ? [oneLine(module, 200)] : [],
    type: issue.type,
    priority: issue.priority,
    ...(known.length > 0 && { metadata: Object.fromEntries(known) }),
    openedAt: sender.receivedAt,
  };
}
