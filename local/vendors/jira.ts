import * as z from 'zod';
import type { Ask, Kept, Reply } from './kept.ts';

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
export type Adf = z.infer<typeof Adf>;

/** Characters of a comment, by Jira's own default. */
const LONGEST = 32_767;
const Written = z.strictObject({
  body: Adf.refine((body) => JSON.stringify(body).length <= LONGEST, 'CONTENT_LIMIT_EXCEEDED'),
});

/** Comments under Jira issues, as documents; and whose token it is. */
export function jira(
  { method, path, headers, body }: Ask,
  kept: Kept,
  user: { email: string; token: string },
): Reply | undefined {
  const [, issue, id] = /^\/rest\/api\/3\/issue\/([^/]+)\/comment(?:\/(\d+))?$/.exec(path) ?? [];
  const isMyself = path === '/rest/api/3/myself';
  if (!issue && !isMyself) return undefined;
  if (headers.authorization !== `Basic ${btoa(`${user.email}:${user.token}`)}`) return { status: 401 };
  if (!issue) return { status: 200, body: { displayName: 'Signalbox' } };
  if (id && !kept.find(issue, id)) return { status: 404 };
  if (method === 'GET') return { status: 200, body: { comments: kept.list(issue).map(shown) } };
  const { success, data } = Written.safeParse(body);
  if (!success) return { status: 400 };
  const made = id ?? String(10_000 + kept.list(issue).length);
  kept.write(issue, made, JSON.stringify(data.body));
  return { status: id ? 200 : 201, body: { id: made } };
}

function shown({ id, versions: [body = ''] }: { id: string; versions: string[] }) {
  return { id, body: JSON.parse(body) };
}

/** The words of a document, a block a line. */
export function wordsOf(text: string): string {
  const { content } = JSON.parse(text) as Adf;
  return content.map((block) => block.content.map((one) => one.text).join('')).join('\n');
}
