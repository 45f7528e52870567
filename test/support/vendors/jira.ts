import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { listening, type Reply } from './listening.ts';

/** The nodes and marks of the Atlassian Document Format that we use, as Jira takes them: nothing else, nothing empty. */
const Mark = z.union([
  z.strictObject({ type: z.literal('strong') }),
  z.strictObject({ type: z.literal('link'), attrs: z.strictObject({ href: z.url() }) }),
]);
const Words = z.strictObject({
  type: z.literal('text'),
  text: z.string().min(1),
  marks: z.array(Mark).min(1).optional(),
});
const Block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('paragraph'), content: z.array(Words).min(1) }),
  z.strictObject({
    type: z.literal('codeBlock'),
    attrs: z.strictObject({ language: z.string() }),
    content: z.array(Words.omit({ marks: true })).min(1),
  }),
]);
export const Adf = z.strictObject({
  type: z.literal('doc'),
  version: z.literal(1),
  content: z.array(Block).min(1),
});
/** Characters of a comment, by Jira's own default. */
const LONGEST = 32_767;
const Written = z.strictObject({
  body: Adf.refine((body) => JSON.stringify(body).length <= LONGEST, 'CONTENT_LIMIT_EXCEEDED'),
});

export const JIRA_BOT = { email: 'bot@acme.example', token: 'token' };

/** One Jira issue's comments. */
export async function jiraDouble(issue = 'ETL-142') {
  /** By id, the newest version first. */
  const comments = new Map<string, Versions>();
  const vendor = await listening(async (request) => {
    const { pathname } = new URL(request.url ?? '', 'http://jira');
    const [, key, id] = /^\/rest\/api\/3\/issue\/([^/]+)\/comment(?:\/(\d+))?$/.exec(pathname) ?? [];
    if (request.headers.authorization !== `Basic ${btoa(`${JIRA_BOT.email}:${JIRA_BOT.token}`)}`)
      return { status: 401 };
    if (key !== issue || (id && !comments.has(id))) return { status: 404 };
    if (request.method === 'GET') return { status: 200, body: { comments: [...comments].map(shown) } };
    return write(comments, id, await json(request));
  });
  return { ...vendor, issue, comments };
}

type Versions = z.infer<typeof Adf>[];
const shown = ([id, [body]]: [string, Versions]) => ({ id, body });

function write(comments: Map<string, Versions>, id: string | undefined, body: unknown): Reply {
  const { success, data } = Written.safeParse(body);
  if (!success) return { status: 400 };
  const made = id ?? String(10_000 + comments.size);
  comments.set(made, [data.body, ...(comments.get(made) ?? [])]);
  return { status: id ? 200 : 201, body: { id: made } };
}
