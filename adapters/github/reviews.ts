import { Fault } from '#core/fault.ts';
import type { Forge } from '#core/ports.ts';
import type { Ask } from '#core/runs/review.ts';
import { cut } from '#core/tickets/text.ts';
import { type Place, trying } from './place.ts';

const MOST_REMARKS = 50;
const PAGE = 100;

/** What people say on pull requests, and what is said to them. */
export function reviewing(place: Place): Pick<Forge, 'describe' | 'asked' | 'mayWrite' | 'reply'> {
  return {
    describe: (number, body) => trying('change the pull request', () => describe(place, number, body)),
    asked: (number, ref) => orNothing(trying(`read ${ref}`, () => asked(place, number, ref))),
    mayWrite: async (login) =>
      (await orNothing(trying(`say what ${login} may do`, () => mayWrite(place, login)))) ?? false,
    reply: (number, comment) => trying('comment on the pull request', () => reply(place, number, comment)),
  };
}

async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error) => {
    if (error instanceof Fault && error.code === 'NotFound') return undefined;
    throw error;
  });
}

async function describe({ client, owner, repo }: Place, pull_number: number, body: string): Promise<void> {
  await client.request('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', { owner, repo, pull_number, body });
}

async function asked(place: Place, pull_number: number, ref: string): Promise<Ask> {
  const { client, owner, repo } = place;
  const [kind, id] = ref.split('/');
  if (kind === 'comment') {
    const route = 'GET /repos/{owner}/{repo}/issues/comments/{comment_id}';
    const { data } = await client.request(route, { owner, repo, comment_id: Number(id) });
    return { ref, by: data.user?.login ?? 'ghost', text: cut(data.body ?? '', 10_000), remarks: [] };
  }
  const which = { owner, repo, pull_number, review_id: Number(id) };
  const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}';
  const [{ data: review }, { data: comments }] = await Promise.all([
    client.request(route, which),
    client.request(`${route}/comments`, { ...which, per_page: MOST_REMARKS }),
  ]);
  const remarks = comments.slice(0, MOST_REMARKS).map(({ path, line, original_line, body }) => {
    const at = line ?? original_line;
    return { path, ...(at && { line: at }), text: cut(body, 4_000) };
  });
  return { ref, by: review.user?.login ?? 'ghost', text: cut(review.body ?? '', 10_000), remarks };
}

async function mayWrite({ client, owner, repo }: Place, username: string): Promise<boolean> {
  const route = 'GET /repos/{owner}/{repo}/collaborators/{username}/permission';
  const { data } = await client.request(route, { owner, repo, username });
  return ['admin', 'write'].includes(data.permission);
}

/** A comment carries its id where nobody sees it: one that is there already was posted before a crash. */
async function reply(
  place: Place,
  issue_number: number,
  { id, body }: { id: string; body: string },
): Promise<void> {
  const { client, owner, repo } = place;
  const mark = `<!-- signalbox ${id} -->`;
  const route = '/repos/{owner}/{repo}/issues/{issue_number}/comments' as const;
  const at = { owner, repo, issue_number };
  for (let page = 1; ; page += 1) {
    const { data } = await client.request(`GET ${route}`, { ...at, per_page: PAGE, page });
    if (data.some((one) => one.body?.includes(mark))) return;
    if (data.length < PAGE) break;
  }
  await client.request(`POST ${route}`, { ...at, body: `${body}\n\n${mark}` });
}
