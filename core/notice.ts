import * as z from 'zod';

/** Something that happened, for people, before any channel's format. Its text never holds a secret except `secretLink` and `secretCode`. */
export const Notice = z.object({
  org: z.string(),
  /** Deterministic: the same happening has the same id, so that a repeated step sends nothing twice. */
  id: z.string(),
  kind: z.enum([
    'approval_requested',
    'sign_in_code',
    'pull_request_opened',
    'ticket_escalated',
    'ticket_closed',
  ]),
  to: z.array(z.email()).min(1),
  subject: z.string().max(200),
  /** Paragraphs of plain text. */
  paragraphs: z.array(z.string().max(4_000)),
  facts: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  link: z.object({ label: z.string(), url: z.url() }).optional(),
  ticketId: z.string().optional(),
  at: z.iso.datetime(),
});
export type Notice = z.infer<typeof Notice>;
