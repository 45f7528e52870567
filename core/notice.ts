import * as z from 'zod';

/** What is made only at the moment of sending, so that no stored notice and no queued message can open or decide anything. */
export const Minted = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('approval_link'),
    approvalId: z.string(),
    approver: z.string(),
    revision: z.int().positive(),
    round: z.int().nonnegative().default(0),
    payloadHash: z.string(),
    expiresAt: z.iso.datetime(),
  }),
  z.object({ kind: z.literal('sign_in_code'), requestId: z.string(), expiresAt: z.iso.datetime() }),
]);
export type Minted = z.infer<typeof Minted>;

/** Something that happened, for people, before any channel's format. Its text never holds a secret; see {@link Minted}. */
export const Notice = z.object({
  org: z.string(),
  /** Deterministic: the same happening has the same id, so that a repeated step sends nothing twice. */
  id: z.string(),
  kind: z.enum([
    'approval_requested',
    'approval_reminder',
    'sign_in_code',
    'passkey_added',
    'pull_request_opened',
    'ticket_escalated',
    'ticket_closed',
  ]),
  to: z.array(z.email()).min(1),
  subject: z.string().max(200),
  /** Paragraphs of plain text. */
  paragraphs: z.array(z.string().max(4_000)),
  facts: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  /** An agent's own words, shown apart and marked as unverified. */
  unverified: z.string().max(4_000).optional(),
  link: z.object({ label: z.string(), url: z.url() }).optional(),
  minted: Minted.optional(),
  ticketId: z.string().optional(),
  at: z.iso.datetime(),
});
export type Notice = z.infer<typeof Notice>;

/** One person to tell about one notice. Names only: the text stays in the table, and secrets are made at sending. */
export const ToSend = z.object({ org: z.string(), id: z.string(), to: z.email() });
export type ToSend = z.infer<typeof ToSend>;
