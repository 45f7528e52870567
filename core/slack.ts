import * as z from 'zod';

/** What has to be said in Slack, later than whatever caused it. Names only where what is said can be read again. */
export const ToSlack = z.discriminatedUnion('kind', [
  /** One notice that asks to decide, to one person. */
  z.object({ kind: z.literal('post'), org: z.string(), id: z.string(), to: z.email() }),
  /** Any other notice, to one person who wants it here. */
  z.object({ kind: z.literal('tell'), org: z.string(), id: z.string(), to: z.email() }),
  /** Every copy of a request's message, to be as the request now is. */
  z.object({ kind: z.literal('renew'), org: z.string(), approvalId: z.string() }),
  /** Words for one person who pressed a button, seen by nobody else. */
  z.object({
    kind: z.literal('whisper'),
    org: z.string(),
    channel: z.string(),
    user: z.string(),
    text: z.string().max(3_000),
  }),
]);
export type ToSlack = z.infer<typeof ToSlack>;
