import * as z from 'zod/mini';
import { Fault } from '#core/fault.ts';
import type { Channel, StatusText } from '#core/tickets/answer.ts';
import { sendOut } from '../outbound.ts';
import { retryAfterMs } from '../retry-after.ts';

/** How an organization's Jira is reached: as a user of ours there, by an API token. */
export const JiraSite = z.object({
  /** `https://acme.atlassian.net` */
  site: z.url({ protocol: /^https?$/ }),
  email: z.email(),
  token: z.string().check(z.minLength(1)),
  isPrivate: z.optional(z.boolean()),
});
export type JiraSite = z.infer<typeof JiraSite>;

const Written = z.object({ id: z.string() });
const Listed = z.object({ comments: z.array(z.object({ id: z.string(), body: z.unknown() })) });

/** One comment under the issue, edited in place. */
export function jiraChannel(siteOf: (org: string) => Promise<JiraSite | undefined>): Channel {
  return {
    say: async (ticket, status, said) => {
      const site = await siteOf(ticket.org);
      if (!site) return undefined;
      const body = document(status);
      const text = JSON.stringify(body);
      if (said?.text === text) return said;
      const path = `/rest/api/3/issue/${encodeURIComponent(ticket.externalId)}/comment`;
      const ref = said?.ref ?? (await found(site, path, status.url));
      if (!ref) return { ref: z.parse(Written, await callJira(site, 'POST', path, { body })).id, text };
      await callJira(site, 'PUT', `${path}/${encodeURIComponent(ref)}`, { body });
      return { ref, text };
    },
  };
}

/** Our comment holds the ticket's address, which no other has: one that a crash left unnoted is found by it. */
async function found(site: JiraSite, path: string, url: string): Promise<string | undefined> {
  const answer = await callJira(site, 'GET', `${path}?orderBy=-created&maxResults=100`);
  const { comments } = z.parse(Listed, answer);
  return comments.find(({ body }) => JSON.stringify(body ?? '').includes(JSON.stringify(url)))?.id;
}

/** One request to a Jira; what it refuses is a fault. */
export async function callJira(
  { site, email, token, isPrivate }: JiraSite,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const headers = {
    authorization: `Basic ${Buffer.from(`${email}:${token}`).toString('base64')}`,
    accept: 'application/json',
    'content-type': 'application/json',
  };
  const {
    status,
    text,
    headers: told,
  } = await sendOut({
    ...{ url: new URL(path, site).href, method, headers, isPrivate },
    body: body ? JSON.stringify(body) : '',
  });
  if (status >= 200 && status < 300) return text ? JSON.parse(text) : undefined;
  throw fault(status, retryAfterMs(told['retry-after']));
}

function fault(status: number, afterMs: number | undefined): Fault {
  const said = `Jira answered ${status}`;
  if (status === 429) return new Fault('TooMany', said, { afterMs });
  if (status >= 500) return new Fault('Unavailable', said, { afterMs });
  if (status === 404)
    return new Fault('Gone', `${said}: the issue or our comment is gone, or we may not see it`);
  if (status === 401 || status === 403)
    return new Fault('Forbidden', `${said}; check the token in its secret`);
  return new Fault('Invalid', said);
}

const text = (words: string, marks: object[] = []) => ({
  type: 'text',
  text: words,
  ...(marks.length > 0 && { marks }),
});
const link = (href: string) => ({ type: 'link', attrs: { href } });
const paragraph = (...content: object[]) => ({ type: 'paragraph', content });

/** The Atlassian Document Format; what comes from a model or from outside is a code block, where nothing in it is markup. */
export function document({ headline, detail, pullRequest, url }: StatusText) {
  return {
    type: 'doc',
    version: 1,
    content: [
      paragraph(text(`${headline}.`, [{ type: 'strong' }])),
      ...(pullRequest ? [paragraph(text(pullRequest, [link(pullRequest)]))] : []),
      ...(detail ? [{ type: 'codeBlock', attrs: { language: 'text' }, content: [text(detail)] }] : []),
      paragraph(text('Follow it', [link(url)])),
    ],
  };
}
