import { Fault } from '#core/fault.ts';
import type { Projects } from '#core/ports.ts';
import { type Repository, repositoryNamed } from '#core/projects/project.ts';
import type { Channel } from '#core/tickets/answer.ts';
import { statusMarkdown } from '../markdown.ts';
import { github } from './client.ts';
import { type Place, trying } from './place.ts';

const PAGE = 100;

/** One comment under the issue, edited in place. Only at repositories of the organization's projects: their address was put there by a lead. */
export function githubChannel(projects: Projects, forgeAuth: () => Promise<string>): Channel {
  return {
    say: async (ticket, status, said) => {
      const [fullName = '', number = ''] = ticket.externalId.split('#');
      const where = repositoryNamed(await projects.list(ticket.org), fullName);
      if (!where) return undefined;
      const place = placeOf(where.repository, await forgeAuth());
      const mark = `<!-- signalbox ${ticket.id} -->`;
      const text = `${statusMarkdown(status)}\n\n${mark}`;
      if (said?.text === text) return said;
      const ref = await trying('comment on the issue', () =>
        put(place, { number: Number(number), mark, text, ref: said?.ref }),
      );
      return { ref, text };
    },
  };
}

function placeOf({ fullName, apiUrl }: Repository, auth: string): Place {
  const [owner = '', repo = ''] = fullName.split('/');
  return { client: github(apiUrl, auth), owner, repo };
}

interface Comment {
  number: number;
  mark: string;
  text: string;
  ref: string | undefined;
}

/** Edits the comment that is there, also one that a crash left unnoted, or writes it. */
async function put(place: Place, { number, mark, text, ref }: Comment): Promise<string> {
  const { client, owner, repo } = place;
  const known = ref ?? (await found(place, number, mark));
  if (!known) {
    const route = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';
    const { data } = await client.request(route, { owner, repo, issue_number: number, body: text });
    return String(data.id);
  }
  const route = 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}';
  await client.request(route, { owner, repo, comment_id: Number(known), body: text }).catch((error) => {
    if (error.status === 404)
      throw new Fault('Gone', 'Somebody has deleted our comment; it is not written again');
    throw error;
  });
  return known;
}

async function found(
  { client, owner, repo }: Place,
  number: number,
  mark: string,
): Promise<string | undefined> {
  const route = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments';
  for (let page = 1; ; page += 1) {
    const { data } = await client.request(route, { owner, repo, issue_number: number, per_page: PAGE, page });
    const own = data.find(({ body }) => body?.includes(mark));
    if (own || data.length < PAGE) return own && String(own.id);
  }
}
