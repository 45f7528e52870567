import * as z from 'zod/mini';
import { clock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { isSigned } from '#adapters/github/signature.ts';
import { webhookSecrets } from '#adapters/webhook-secrets.ts';
import { parseJson } from '#core/parse.ts';
import { accept } from '#core/tickets/accept.ts';
import { fromIssue, IssueDelivery, outcomeOf, PullRequestDelivery } from '#core/tickets/sources/github.ts';
import { authentic, deliveryOf, type Inbound, understood } from '../delivery.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  WEBHOOK_SECRETS_PREFIX: z.string(),
});
export type Env = z.infer<typeof Env>;

const SIGNATURE = 'x-hub-signature-256';

/** POST /webhooks/{org}/github: an opened issue becomes at most one ticket; a closed pull request is its ticket's outcome. Other events are ignored with 204. */
export function githubWebhook(inbound: Inbound): Route {
  return async (request) => {
    const org = await authentic(request, 'github', {
      ...inbound,
      isSigned: (key, raw, headers) => isSigned(raw, headers[SIGNATURE], key),
    });
    const event = request.headers['x-github-event'];
    if (event === 'issues') return fromIssues(org, request, inbound);
    if (event === 'pull_request') return fromPullRequest(org, request, inbound);
    return { status: 204 };
  };
}

async function fromIssues(org: string, request: Request, { tickets, clock }: Inbound): Promise<Reply> {
  const draft = await understood(tickets, { org, source: 'github' }, () =>
    fromIssue(org, parseJson(IssueDelivery, request.text)),
  );
  if (!draft) return { status: 204 };
  const id = request.headers['x-github-delivery'];
  const delivery = deliveryOf(request, { org, source: 'github', id, now: clock.now() });
  const { ticket } = await accept(draft, delivery, tickets);
  return { status: 202, body: { id: ticket.id } };
}

/** The machine has done its part by then; who is told of the outcome follows from the ticket's change. */
async function fromPullRequest(org: string, request: Request, { tickets }: Inbound): Promise<Reply> {
  const delivery = await understood(tickets, { org, source: 'github' }, () =>
    parseJson(PullRequestDelivery, request.text),
  );
  const outcome = outcomeOf(delivery);
  if (!outcome) return { status: 204 };
  const ticket = await tickets.findByPullRequest(org, delivery.repository.full_name, delivery.number);
  if (!ticket) return { status: 204 };
  const did = outcome.status === 'merged' ? 'merged' : 'closed without merging';
  const reason = `The pull request was ${did} by ${outcome.by}`;
  await tickets.advance(org, ticket.id, ['in_review'], { status: outcome.status, reason });
  return { status: 202, body: { id: ticket.id } };
}

export const handler = http(Env, async (env) =>
  githubWebhook({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    secrets: webhookSecrets(env.WEBHOOK_SECRETS_PREFIX),
    clock,
  }),
);
