import * as z from 'zod/mini';
import type { Attempt } from '#core/tickets/gaps.ts';
import type { GitHub } from './client.ts';
import { trying } from './place.ts';

/** As GitHub lists it. */
const Listed = z.array(
  z.object({
    id: z.int(),
    guid: z.string(),
    delivered_at: z.string(),
    status_code: z.int(),
    event: z.string(),
  }),
);

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
        return { attempts: attemptsIn(data), cursor: next && decodeURIComponent(next), left };
      }),
    redeliver: async (id) => {
      await trying('deliver again', () => client.request(`POST ${path}/deliveries/${id}/attempts`));
    },
  };
}

function attemptsIn(data: unknown): Attempt[] {
  return z
    .parse(Listed, data)
    .map(({ delivered_at: at, status_code: status, ...one }) => ({ ...one, at, status }));
}

/** Ids of a repository's webhooks that send to `url`. Takes an administrator's token. */
export async function hooksTo(client: GitHub, fullName: string, url: string): Promise<number[]> {
  const { data } = await trying(`list the webhooks of ${fullName}`, () =>
    client.request(`GET /repos/${fullName}/hooks`, { per_page: PAGE }),
  );
  const Hooks = z.array(z.object({ id: z.int(), config: z.object({ url: z.optional(z.string()) }) }));
  return z.parse(Hooks, data).flatMap(({ id, config }) => (config.url === url ? [id] : []));
}
