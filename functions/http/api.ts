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
import type { Identities } from '#core/people/account.ts';
import type { Role, Scope } from '#core/people/person.ts';
import type { People } from '#core/people/ports.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Artifacts, Clock, Deliveries, Projects, Runs, Tickets } from '#core/ports.ts';
import type { Limits } from '#core/queue/limits.ts';
import type { Queue } from '#core/queue/ports.ts';
import { queueView } from '#core/queue/view.ts';
import type { Checks } from '#core/taps/ports.ts';
import type { Outbox } from '#core/tickets/answer.ts';
import { openApi } from '#core/tickets/openapi.ts';
import type { Likeness } from '#core/triage/ports.ts';
import { approvalFigures, approvalList } from '../approval-list.ts';
import { deadLetterList, oneDeadLetter } from '../dead-letter-list.ts';
import { deliveryList } from '../delivery-list.ts';
import { driftList, driftOf } from '../drift.ts';
import { http, type Request, type Route } from '../http.ts';
import { integrationList, oneIntegration } from '../integration-list.ts';
import { delegations, everybody, keys, me } from '../people-list.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';
import { QueueEnv, queueFrom } from '../queue-env.ts';
import { journal, patch } from '../run-files.ts';
import { costRows, spending } from '../spending.ts';
import { issueList, oneIssue, oneRun, oneTicket, runLines, summary, ticketList } from '../ticket-list.ts';

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
  { path: /^\/api\/me$/, scope: 'issues:read', answer: me },
  { path: /^\/api\/issues$/, scope: 'issues:read', answer: issueList },
  { path: /^\/api\/issues\/([\w-]{1,100})$/, scope: 'issues:read', answer: oneIssue },
  { path: /^\/api\/tickets$/, scope: 'issues:read', answer: ticketList },
  { path: /^\/api\/tickets\/([\w-]{1,100})$/, scope: 'issues:read', answer: oneTicket },
  { path: /^\/api\/deliveries$/, answer: deliveryList },
  { path: /^\/api\/dead-letters$/, role: 'lead', answer: deadLetterList },
  { path: /^\/api\/dead-letters\/(dl_[a-z0-9]{1,40})$/, role: 'lead', answer: oneDeadLetter },
  { path: /^\/api\/runs\/([\w-]{1,100})$/, scope: 'issues:read', answer: oneRun },
  { path: /^\/api\/runs\/([\w-]{1,100})\/lines$/, scope: 'issues:read', answer: runLines },
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
