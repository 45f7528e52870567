import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { Fault, isForLater } from '#core/fault.ts';
import type { Channel } from '#core/tickets/answer.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { statusMarkdown } from '../markdown.ts';
import { type Answered, sendOut } from '../outbound.ts';
import { retryAfterMs } from '../retry-after.ts';

/** How an organization's Linear is reached: by a key of its API. */
export const LinearKey = z.object({
  apiKey: z.string().check(z.minLength(1)),
  /** Where Linear's API is, if a proxy of the operator's stands before it. */
  url: z._default(z.url({ protocol: /^https?$/ }), 'https://api.linear.app'),
  isPrivate: z.optional(z.boolean()),
});
export type LinearKey = z.infer<typeof LinearKey>;

const CREATE = 'mutation ($input: CommentCreateInput!) { commentCreate(input: $input) { success } }';
const UPDATE =
  'mutation ($id: String!, $input: CommentUpdateInput!) { commentUpdate(id: $id, input: $input) { success } }';

/** One comment for each ticket under an issue, edited in place. We choose its id, so that one that a crash left unnoted is the same. */
export function linearRoom(issue: string, keyOf: (org: string) => Promise<LinearKey | undefined>): Channel {
  return {
    say: async (ticket, status, said) => {
      const key = await keyOf(ticket.org);
      if (!key) return undefined;
      const text = statusMarkdown(status, ticket);
      if (said?.text === text) return said;
      const id = commentId(ticket, issue);
      const update = () => call(key, UPDATE, { id, input: { body: text } });
      if (said) await update();
      else await create(key, { id, issueId: issue, body: text }, update);
      return { ref: id, text };
    },
  };
}

/** A refusal for good may mean that it is there already; if it is not, the refusal stands. */
async function create(key: LinearKey, input: object, update: () => Promise<void>): Promise<void> {
  try {
    await call(key, CREATE, { input });
  } catch (refused) {
    if (!(refused instanceof Fault) || isForLater(refused)) throw refused;
    await update().catch((error) => {
      throw error instanceof Fault && !isForLater(error) ? refused : error;
    });
  }
}

/** A UUID of version 4 in form; the same for the same ticket and issue. */
function commentId({ org, id }: Ticket, issue: string): string {
  const hex = createHash('sha256').update(`${org}\n${id}\n${issue}`).digest('hex');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-a$4-$5');
}

const Answer = z.object({
  errors: z.optional(
    z.array(
      z.object({
        message: z.string(),
        extensions: z.optional(
          z.object({ code: z.optional(z.string()), userPresentableMessage: z.optional(z.string()) }),
        ),
      }),
    ),
  ),
});

async function call({ apiKey, url, isPrivate }: LinearKey, query: string, variables: object): Promise<void> {
  const answered = await sendOut({
    url: new URL('/graphql', url).href,
    headers: { authorization: apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
    isPrivate,
  });
  const [error] = errorsIn(answered.text);
  if (!error && answered.status >= 200 && answered.status < 300) return;
  throw fault(answered, error);
}

type Refused = NonNullable<z.infer<typeof Answer>['errors']>[number];

/** Linear answers what it refuses with a list of errors, whatever the status. */
function errorsIn(text: string): Refused[] {
  try {
    return z.parse(Answer, JSON.parse(text)).errors ?? [];
  } catch {
    return [];
  }
}

function fault({ status, headers }: Answered, error: Refused | undefined): Fault {
  const { code = '', userPresentableMessage } = error?.extensions ?? {};
  const said = `Linear answered ${status}: ${userPresentableMessage ?? error?.message ?? 'no reason given'}`;
  if (status === 429 || code === 'RATELIMITED')
    return new Fault('TooMany', said, { afterMs: retryAfterMs(headers['retry-after']) ?? resetMs(headers) });
  if (status >= 500) return new Fault('Unavailable', said);
  if (status === 401 || code === 'AUTHENTICATION_ERROR')
    return new Fault('Unauthorized', `${said}; put a new key of the API into its secret`);
  return new Fault(status === 403 || code === 'FORBIDDEN' ? 'Forbidden' : 'Invalid', said);
}

/** Until the allowance that is used up begins anew; an hour is the longest that it takes. */
function resetMs(headers: Answered['headers']): number {
  const at = Number(headers['x-ratelimit-requests-reset']);
  return at > 0 ? Math.max(0, at - Date.now()) : 60_000;
}
