import * as z from 'zod/mini';
import type { GitHub } from './client.ts';
import { trying } from './place.ts';

/** One attempt of the forge to deliver something to a webhook; attempts at the same thing have the same `guid`. */
const Attempt = z.object({
  id: z.int(),
  guid: z.string(),
  delivered_at: z.string(),
  redelivery: z.boolean(),
  /** What the receiver answered; 0 or 5xx when nobody did. */
  status_code: z.int(),
  event: z.string(),
  action: z.nullish(z.string()),
});
export type Attempt = z.infer<typeof Attempt>;

/** A webhook as the forge keeps its log. */
export interface Hook {
  /** Newest first, page by page. `left`: how many requests the forge's rate limit still allows. */
  attempts(cursor?: string): Promise<{ attempts: Attempt[]; cursor: string | undefined; left: number }>;
  /** Has the same payload sent again, with the same guid. Possible for three days. */
  redeliver(attempt: number): Promise<void>;
}

const PAGE = 100;

/** The webhook at `/app/hook` (of a GitHub App, whose client it takes) or at `/repos/OWNER/REPO/hooks/ID`. */
export function githubHook(client: GitHub, path: string): Hook {
  return {
    attempts: (cursor) =>
      trying('list what it has delivered', async () => {
        const { data, headers } = await client.request(`GET ${path}/deliveries`, {
          per_page: PAGE,
          ...(cursor && { cursor }),
        });
        const next = /[?&]cursor=([^&>]+)[^>]*>; rel="next"/.exec(headers.link ?? '')?.[1];
        const left = Number(headers['x-ratelimit-remaining'] ?? Number.POSITIVE_INFINITY);
        return { attempts: z.parse(z.array(Attempt), data), cursor: next && decodeURIComponent(next), left };
      }),
    redeliver: async (id) => {
      await trying('deliver again', () => client.request(`POST ${path}/deliveries/${id}/attempts`));
    },
  };
}
