import * as z from 'zod/mini';
import { clock } from '#adapters/clock.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoChecks } from '#adapters/dynamodb/checks.ts';
import { dynamoDeadLetters } from '#adapters/dynamodb/dead-letters.ts';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { dynamoIdentities } from '#adapters/dynamodb/identities.ts';
import { dynamoLikeness } from '#adapters/dynamodb/likeness.ts';
import { dynamoOutbox } from '#adapters/dynamodb/outbox.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRoutes } from '#adapters/dynamodb/routes.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import type { Routes } from '#core/agents/routes.ts';
import type { Spend } from '#core/agents/spend.ts';
import type { Approvals } from '#core/approvals/ports.ts';
import type { DeadLetters } from '#core/dead-letters.ts';
import { Fault } from '#core/fault.ts';
import { parse } from '#core/parse.ts';
import type { Identities } from '#core/people/account.ts';
import { delegationView } from '#core/people/delegation.ts';
import { keyView } from '#core/people/key.ts';
import type { Role, Scope } from '#core/people/person.ts';
import type { People } from '#core/people/ports.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Artifacts, Clock, Deliveries, Projects, Runs, TicketQuery, Tickets } from '#core/ports.ts';
import type { Limits } from '#core/queue/limits.ts';
import type { Queue } from '#core/queue/ports.ts';
import { queueView, standingOf } from '#core/queue/view.ts';
import type { Checks } from '#core/taps/ports.ts';
import type { Outbox } from '#core/tickets/answer.ts';
import { issueOf, jobOf } from '#core/tickets/issue.ts';
import { IssueFilters, openApi } from '#core/tickets/openapi.ts';
import { Source, type Ticket } from '#core/tickets/ticket.ts';
import type { Likeness } from '#core/triage/ports.ts';
import type { Similar } from '#core/triage/similar.ts';
import { approvalFigures, approvalList } from '../approval-list.ts';
import { deadLetterList, oneDeadLetter } from '../dead-letter-list.ts';
import { driftList, driftOf } from '../drift.ts';
import { http, type Request, type Route } from '../http.ts';
import { integrationList, oneIntegration } from '../integration-list.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';
import { QueueEnv, queueFrom } from '../queue-env.ts';
import { journal, patch } from '../run-files.ts';
import { costRows, spending } from '../spending.ts';

export const Env = PrincipalEnv.extend({
  ...QueueEnv.shape,
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  RUNS_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  APPROVALS_TABLE: z.string(),
  TRIAGE_TABLE: z.string(),
  CHECKS_TABLE: z.string(),
  DEAD_LETTERS_TABLE: z.string(),
  FIRST_ORG: z.string(),
  ARTIFACTS_BUCKET: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  principalOf: PrincipalOf;
  tickets: Pick<Tickets, 'find' | 'list'>;
  deliveries: Deliveries;
  deadLetters: Pick<DeadLetters, 'list' | 'find'>;
  /** The operator's own. */
  firstOrg: string;
  runs: Pick<Runs, 'find' | 'lines' | 'costs'>;
  projects: Pick<Projects, 'list'>;
  checks: Pick<Checks, 'latest' | 'history'>;
  spend: Pick<Spend, 'rows' | 'caps'>;
  routes: Pick<Routes, 'all'>;
  approvals: Pick<Approvals, 'inbox' | 'history'>;
  artifacts: Pick<Artifacts, 'text' | 'bytes'>;
  likeness: Pick<Likeness, 'links'>;
  identities: Pick<Identities, 'list'>;
  outbox: Pick<Outbox, 'answers'>;
  people: Pick<People, 'delegations' | 'keys' | 'list'>;
  queue: Pick<Queue, 'counts' | 'waiting' | 'held' | 'find' | 'ahead'>;
  limits: Limits;
  clock: Clock;
  publicUrl: string;
}

interface Asked extends Needs {
  principal: Principal;
  /** From the principal: nobody reads another organization. */
  org: string;
  /** What the path's pattern captured. */
  id: string;
  query: Request['query'];
}

interface Read {
  path: RegExp;
  /** What an API key needs for it; without one, only a signed-in person may. */
  scope?: Scope;
  /** Which people may ask for it: every viewer, if none is named. */
  role?: Role;
  answer: (asked: Asked) => Promise<unknown> | unknown;
}

const READS: Read[] = [
  { path: /^\/api\/me$/, scope: 'issues:read', answer: ({ principal }) => me(principal) },
  { path: /^\/api\/issues$/, scope: 'issues:read', answer: issues },
  { path: /^\/api\/issues\/([\w-]{1,100})$/, scope: 'issues:read', answer: issue },
  { path: /^\/api\/tickets$/, scope: 'issues:read', answer: tickets },
  { path: /^\/api\/tickets\/([\w-]{1,100})$/, scope: 'issues:read', answer: ticket },
  { path: /^\/api\/deliveries$/, answer: deliveryList },
  { path: /^\/api\/dead-letters$/, role: 'lead', answer: deadLetterList },
  { path: /^\/api\/dead-letters\/(dl_[a-z0-9]{1,40})$/, role: 'lead', answer: oneDeadLetter },
  { path: /^\/api\/runs\/([\w-]{1,100})$/, scope: 'issues:read', answer: run },
  { path: /^\/api\/runs\/([\w-]{1,100})\/lines$/, scope: 'issues:read', answer: lines },
  { path: /^\/api\/runs\/([\w-]{1,100})\/journal$/, answer: journal },
  { path: /^\/api\/runs\/([\w-]{1,100})\/patch$/, role: 'lead', answer: patch },
  {
    path: /^\/api\/projects$/,
    answer: async ({ projects, org }) => ({ projects: await projects.list(org) }),
  },
  { path: /^\/api\/integrations$/, answer: integrationList },
  { path: /^\/api\/integrations\/([\w.-]{1,100}\/[\w.-]{1,100})$/, answer: oneIntegration },
  { path: /^\/api\/drift$/, scope: 'issues:read', answer: driftList },
  { path: /^\/api\/drift\/([\w.-]{1,100}\/[\w.-]{1,100})$/, scope: 'issues:read', answer: driftOf },
  { path: /^\/api\/approvals$/, scope: 'approvals:read', answer: approvalList },
  { path: /^\/api\/approvals\/metrics$/, scope: 'approvals:read', answer: approvalFigures },
  { path: /^\/api\/delegations$/, answer: delegations },
  { path: /^\/api\/people$/, answer: everybody },
  { path: /^\/api\/keys$/, answer: keys },
  { path: /^\/api\/spend$/, scope: 'issues:read', answer: spending },
  { path: /^\/api\/costs$/, scope: 'issues:read', answer: costRows },
  {
    path: /^\/api\/budgets$/,
    scope: 'issues:read',
    answer: async ({ spend, org }) => ({ caps: await spend.caps(org) }),
  },
  {
    path: /^\/api\/models$/,
    scope: 'issues:read',
    answer: async ({ routes }) => ({ routes: await routes.all() }),
  },
  { path: /^\/api\/queue$/, scope: 'issues:read', answer: (asked) => queueView(asked.org, asked) },
  { path: /^\/api\/summary$/, scope: 'issues:read', answer: summary },
];

/** GET /api/…: what the dashboard, the command line and API keys read, each within their own organization; and GET /openapi.json, for everybody. */
export function api(needs: Needs): Route {
  return async (request) => {
    const path = request.event.rawPath;
    if (path === '/openapi.json') return { status: 200, body: openApi(needs.publicUrl) };
    const principal = await needs.principalOf(request);
    const read = READS.find((one) => one.path.test(path));
    if (!read) throw new Fault('NotFound', `There is nothing at ${path}`);
    allow(principal, read.role ?? 'viewer', read.scope);
    const id = read.path.exec(path)?.[1] ?? '';
    const { org } = principal;
    return { status: 200, body: await read.answer({ ...needs, principal, org, id, query: request.query }) };
  };
}

function me(principal: Principal) {
  if (principal.via === 'key')
    return { org: principal.org, id: principal.id, roles: [], scopes: principal.scopes };
  const { org, id, email, name, roles } = principal;
  return { org, id, email, name, roles };
}

function page({ tickets, org, query }: Asked) {
  return tickets.list(org, parse(IssueFilters, query) satisfies TicketQuery);
}

async function issues(asked: Asked) {
  const { tickets: found, cursor } = await page(asked);
  return { issues: found.map((one) => issueOf(one, asked.publicUrl)), cursor };
}

async function tickets(asked: Asked) {
  return page(asked);
}

const DeliveryFilters = z.strictObject({
  source: z.optional(Source),
  outcome: z.optional(
    z.enum(['ticket', 'update', 'stale', 'early', 'known', 'event', 'ignored', 'malformed']),
  ),
  limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100)), 25),
  cursor: z.optional(z.string().check(z.maxLength(500))),
});

/** Newest first; or with `source` and `id` the one, with its bytes as base64. */
async function deliveryList({ deliveries, org, query }: Asked) {
  const { id, ...filters } = query;
  const wanted = parse(DeliveryFilters, filters);
  if (id === undefined) return deliveries.list(org, wanted);
  const found = wanted.source && (await deliveries.find(org, wanted.source, id.slice(0, 200)));
  if (!found) throw new Fault('NotFound', `No delivery ${id} of ${wanted.source ?? 'no source'} is kept`);
  return { ...found.kept, body: found.delivery.body };
}

async function found({ tickets, org, id }: Asked): Promise<Ticket> {
  const one = await tickets.find(org, id);
  if (!one) throw new Fault('NotFound', `There is no ticket ${id}`);
  return one;
}

async function issue(asked: Asked) {
  const one = await found(asked);
  const { runs, org, publicUrl } = asked;
  const job = one.runId ? await runs.find(org, one.runId) : undefined;
  const log = job ? await runs.lines(org, job.id) : [];
  const standing = job && (await standingOf(org, job.id, asked));
  return { ...issueOf(one, publicUrl), ...standing, job: jobOf(job, log) };
}

async function ticket(asked: Asked) {
  const one = await found(asked);
  const { runs, outbox, org } = asked;
  const [last, similar, answers] = await Promise.all([
    one.runId ? runs.find(org, one.runId) : undefined,
    similarTo(one, asked),
    outbox.answers(one),
  ]);
  const costs = last ? await runs.costs(org, last.id) : [];
  return { ticket: one, runs: last ? [last] : [], costs, similar, answers };
}

/** The tickets that are like it, with why. */
async function similarTo({ id }: Ticket, { tickets, likeness, org }: Asked): Promise<Similar[]> {
  const links = await likeness.links(org, id);
  const found = await Promise.all(links.map((link) => tickets.find(org, link.ticketId)));
  return links.flatMap((link, at) => {
    const other = found[at];
    return other ? [{ ...link, externalId: other.externalId, title: other.title, status: other.status }] : [];
  });
}

async function run({ runs, org, id }: Asked) {
  const one = await runs.find(org, id);
  if (!one) throw new Fault('NotFound', `There is no run ${id}`);
  return { run: one, costs: await runs.costs(org, id) };
}

async function lines({ runs, org, id, query }: Asked) {
  const found = await runs.lines(org, id, query.after?.slice(0, 200));
  return { lines: found, after: found.at(-1)?.id ?? query.after };
}

async function everybody({ people, identities, org }: Asked) {
  const [all, accounts] = await Promise.all([people.list(org), identities.list(org)]);
  return {
    people: all.map(({ id, email, name, roles, groups, awayUntil, slack }) => ({
      id,
      email,
      name,
      roles,
      groups,
      awayUntil,
      slack,
      accounts: accounts
        .filter(({ person }) => person === id)
        .map(({ at, id: account, evidence }) => ({ at, id: account, evidence })),
    })),
  };
}

/** An admin sees every key, anybody else their own. */
async function keys({ people, clock, org, principal }: Asked) {
  const isAdmin = principal.via === 'session' && principal.roles.includes('admin');
  const all = await people.keys(org, clock.now());
  return { keys: all.filter(({ owner }) => isAdmin || owner === principal.id).map(keyView) };
}

/** Who stands in for whom now. */
async function delegations({ people, clock, org }: Asked) {
  const [all, everybody] = await Promise.all([people.delegations(org), people.list(org)]);
  const nameOf = (person: string) => everybody.find(({ id }) => id === person)?.email ?? person;
  const at = clock.now().toISOString();
  const live = all.filter(({ revokedAt, endsAt }) => !revokedAt && endsAt > at);
  return { delegations: live.map((one) => delegationView(one, nameOf)) };
}

/** Over the hundred newest tickets: counts by status, and what their runs have cost. */
async function summary({ tickets, runs, org }: Asked) {
  const { tickets: newest } = await tickets.list(org, { limit: 100 });
  const byStatus: Record<string, number> = {};
  for (const { status } of newest) byStatus[status] = (byStatus[status] ?? 0) + 1;
  const rows = await Promise.all(newest.map(({ runId }) => runId && runs.find(org, runId)));
  const spentNanoUsd = rows.reduce((sum, row) => sum + (row ? row.spentNanoUsd : 0), 0);
  return { byStatus, spentNanoUsd };
}

export const handler = http(Env, async (env) =>
  api({
    principalOf: await principalsFrom(env),
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    deliveries: dynamoDeliveries(env.DELIVERIES_TABLE),
    deadLetters: dynamoDeadLetters(env.DEAD_LETTERS_TABLE),
    firstOrg: env.FIRST_ORG,
    runs: dynamoRuns(env.RUNS_TABLE),
    projects: dynamoProjects(env.PROJECTS_TABLE),
    checks: dynamoChecks(env.CHECKS_TABLE),
    spend: dynamoSpend(env.RUNS_TABLE),
    routes: dynamoRoutes(env.RUNS_TABLE),
    // Reading lists touches no ledger, so this function is not given one.
    approvals: dynamoApprovals({ approvals: env.APPROVALS_TABLE, ledger: '' }),
    artifacts: s3Artifacts(env.ARTIFACTS_BUCKET),
    likeness: dynamoLikeness(env.TRIAGE_TABLE),
    outbox: dynamoOutbox(env.DELIVERIES_TABLE, clock),
    people: dynamoPeople(env.PEOPLE_TABLE),
    identities: dynamoIdentities(env.PEOPLE_TABLE),
    ...queueFrom(env),
    clock,
    publicUrl: env.PUBLIC_URL,
  }),
);
