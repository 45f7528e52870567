import type { IncomingMessage } from 'node:http';
import { type Context, folderOf } from './context.ts';
import { commitOf } from './objects.ts';
import { problem } from './problem.ts';
import { comparisonOf, endPull, Merge, numbersOf, pullOf } from './pulls.ts';
import type { Repository } from './records.ts';
import { addComment } from './rest-issues.ts';
import { mergeAndSync } from './rest-pulls.ts';
import { NewReview, submitReview } from './reviews.ts';

const MAX_FORM = 256 * 1024;

/** A form counts only if the browser says that a page of this forge sent it. */
export function isOwnForm({ headers }: IncomingMessage, origin: string): boolean {
  return headers.origin === origin && headers.host === new URL(origin).host;
}

/** Does what a button asks for, as `visitor`, and answers which page to show next. */
export async function act(
  context: Context,
  request: IncomingMessage,
  { path, visitor }: { path: readonly string[]; visitor: string },
): Promise<string> {
  const [owner = '', name = '', kind = '', digits = '', verb] = path;
  const repository = context.records.repository(owner, name);
  const number = Number(digits);
  if (!repository || !['pull', 'issues'].includes(kind)) throw problem(404, 'There is no such page.');
  const form = await formOf(request);
  if (verb === 'merge') await merge(context, repository, { number, login: visitor });
  else if (verb === 'close') await close(context, repository, { number, login: visitor });
  else if (verb === 'comment')
    comment(context, repository, { number, login: visitor, body: form.get('body') });
  else if (verb === 'review') await review(context, repository, { number, login: visitor, form });
  else throw problem(404, 'There is no such page.');
  return `/${owner}/${name}/${kind}/${number}`;
}

async function merge(context: Context, repository: Repository, who: { number: number; login: string }) {
  await mergeAndSync(context, repository, { ...who, wanted: Merge.parse({}) });
}

function close(
  context: Context,
  repository: Repository,
  { number, login }: { number: number; login: string },
) {
  return context.alone(repository, async () => {
    const pull = pullOf(context, repository, number);
    if (pull.state === 'closed') return;
    const numbers = numbersOf(await comparisonOf(context, repository, pull));
    const baseSha = await commitOf(folderOf(context, repository), `refs/heads/${pull.pull.base}`);
    endPull(context, repository, { pull, numbers, login, ...(baseSha && { baseSha }) });
  });
}

function comment(
  context: Context,
  repository: Repository,
  { number, login, body }: { number: number; login: string; body: string | null },
): void {
  const issue = context.records.issue(repository, number);
  if (!issue) throw problem(404, 'There is no such page.');
  if (!body?.trim()) throw problem(422, 'A comment needs some text.');
  addComment(context, repository, { issue, body, login });
}

/** A review with at most one comment on a line. */
async function review(
  context: Context,
  repository: Repository,
  { number, login, form }: { number: number; login: string; form: URLSearchParams },
): Promise<void> {
  const word = (name: string) => form.get(name)?.trim() ?? '';
  const comments = word('remark')
    ? [{ path: word('path'), line: Number(word('line')), body: word('remark') }]
    : [];
  const { success, data } = NewReview.safeParse({ event: word('event'), body: word('body'), comments });
  if (!success) throw problem(422, 'A remark on a line needs the file and the number of the line.');
  await submitReview(context, repository, { pull: pullOf(context, repository, number), wanted: data, login });
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_FORM) throw problem(413, 'That is too long.');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
