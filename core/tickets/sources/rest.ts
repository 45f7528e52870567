import * as z from 'zod/mini';
import { cut, oneLine } from '../text.ts';
import { type Draft, Priority, type Source, TicketType, WebUrl } from '../ticket.ts';

const METADATA_BYTES = 16_000;

const Metadata = z
  .record(z.string().check(z.maxLength(200)), z.unknown())
  .check(
    z.refine(
      (value) => JSON.stringify(value).length <= METADATA_BYTES,
      `at most ${METADATA_BYTES} bytes as JSON`,
    ),
  );

/** Text with something in it, its outer spaces dropped. */
function words(max: number) {
  return z.string().check(z.trim(), z.minLength(1), z.maxLength(max));
}

function list(longest: number) {
  return z.optional(z.array(z.string().check(z.maxLength(longest))).check(z.maxLength(100)));
}

/** The body of `POST /api/issues`. Names that it does not know are refused: a misspelt `priority` must not be lost. */
export const NewIssue = z.strictObject({
  /** The sender's own id for it: the same one again is the same ticket. */
  externalId: z.optional(words(200)),
  type: z.optional(TicketType),
  priority: z.optional(Priority),
  title: words(300),
  /** Where people read it: what is known under this URL by another way is the same ticket. */
  url: z.optional(WebUrl.check(z.maxLength(2_000))),
  description: z._default(z.string().check(z.maxLength(60_000)), ''),
  context: z._default(
    z.strictObject({
      module: z.optional(words(200)),
      /** The customer on the sender's side that it concerns; never our organization, which comes from the key. */
      organizationId: z.optional(z.string().check(z.maxLength(200))),
      affectedFiles: list(500),
      relatedIssues: list(200),
      metadata: z.optional(Metadata),
    }),
    {},
  ),
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
    url: issue.url,
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
