import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { Fault } from '#core/fault.ts';
import type { Clock } from '#core/ports.ts';
import type { Channel } from '#core/tickets/answer.ts';
import { issueOf } from '#core/tickets/issue.ts';
import type { StatusChanged } from '#core/tickets/openapi.ts';
import { type Answered, sendOut } from '../outbound.ts';
import { retryAfterMs } from '../retry-after.ts';
import { signMessage } from '../standard-webhooks.ts';

/** Where an ERP hears of its issues; signed with both secrets while they are changed. */
export const Callback = z.object({
  url: z.url({ protocol: /^https?$/ }),
  secrets: z.array(z.string().check(z.minLength(16))).check(z.minLength(1), z.maxLength(2)),
  /** It is in the operator's own network. */
  isPrivate: z.optional(z.boolean()),
});
export type Callback = z.infer<typeof Callback>;

interface Needs {
  callbackOf(org: string): Promise<Callback | undefined>;
  clock: Clock;
  publicUrl: string;
}

/** Posts each status once more than it has to rather than never; the same change has the same `webhook-id`. */
export function erpChannel({ callbackOf, clock, publicUrl }: Needs): Channel {
  return {
    say: async (ticket, _status, said) => {
      const callback = await callbackOf(ticket.org);
      const text = ticket.status;
      if (!callback || said?.text === text) return said;
      const { url, secrets, isPrivate } = callback;
      const body: StatusChanged = {
        event: 'issue.status_changed',
        at: ticket.updatedAt,
        issue: issueOf(ticket, publicUrl),
      };
      const raw = Buffer.from(JSON.stringify(body));
      const message = {
        id: `${ticket.id}.${ticket.version}`,
        timestamp: `${Math.floor(clock.now().getTime() / 1000)}`,
        raw,
      };
      const headers = {
        'content-type': 'application/json',
        'webhook-id': message.id,
        'webhook-timestamp': message.timestamp,
        'webhook-signature': secrets.map((key) => signMessage(message, key)).join(' '),
      };
      judge(await sendOut({ url, headers, body: raw.toString(), isPrivate }));
      return { ref: randomUUID(), text };
    },
  };
}

function judge({ status, headers }: Answered): void {
  if (status >= 200 && status < 300) return;
  const isLater = status >= 500 || status === 408 || status === 429 || (status >= 300 && status < 400);
  const afterMs = retryAfterMs(headers['retry-after']);
  throw new Fault(isLater ? 'Unavailable' : 'Invalid', `The callback answered ${status}`, { afterMs });
}
