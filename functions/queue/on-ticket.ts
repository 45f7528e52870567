import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { stateMachines } from '#adapters/aws/machines.ts';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { githubForge } from '#adapters/github/forge.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import type { Runs } from '#core/ports.ts';
import { type ReopenNeeds, reopen } from '#core/runs/reopen.ts';
import { runId } from '#core/runs/run.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { queue } from '../queue.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  RUNS_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  NOTICES_TABLE: z.string(),
  FORGE_SECRET_ARN: z.string(),
  PUBLIC_URL: z.string(),
  TICKET_MACHINE_ARN: z.string(),
});
export type Env = z.infer<typeof Env>;

export const Received = z.object({
  'detail-type': z.string(),
  detail: z.object({ org: z.string(), ticketId: z.string() }),
});

/** A received ticket's run, or the next one of a ticket whose pull request was reviewed. A message that comes again completes what was left. */
export function onTicket(needs: ReopenNeeds) {
  return async ({ body }: Pick<SQSRecord, 'body'>): Promise<void> => {
    const { 'detail-type': type, detail } = parseJson(Received, body);
    await (type === 'TicketReviewed' ? reopen(detail, needs) : begin(detail, needs));
  };
}

type Detail = z.infer<typeof Received>['detail'];

/** The run's row, then the ticket's mark, then the machine, which waits for its turn first. */
async function begin({ org, ticketId }: Detail, needs: ReopenNeeds): Promise<void> {
  const { tickets, runs, machines, spend } = needs;
  const found = await tickets.find(org, ticketId);
  if (!found) throw new Fault('NotFound', `There is no ticket ${ticketId}`);
  if (found.status !== 'received' && found.status !== 'triaging') return;
  const attempt = await attemptOf(found, runs);
  const id = runId(ticketId, attempt);
  const run = await runs.open({
    org,
    id,
    ticketId,
    attempt,
    status: 'running',
    stage: 'triage',
    percent: 0,
    doing: 'platform: waiting for its turn',
    spentNanoUsd: 0,
    budgetNanoUsd: (await spend.caps(org)).run,
    startedAt: needs.clock.now().toISOString(),
  });
  await tickets.advance(org, ticketId, ['received'], { runId: id });
  const input = {
    org,
    ticketId,
    runId: id,
    ...(found.failure?.retryAt && { notBefore: found.failure.retryAt }),
  };
  if (run.status === 'running') await machines.start(needs.machineArn, id, input);
}

/** A ticket that is received again, opened anew at its source or tried again, has a run of its own once its last one is over. */
async function attemptOf({ org, status, runId: lastId }: Ticket, runs: Runs): Promise<number> {
  const last = lastId ? await runs.find(org, lastId) : undefined;
  if (!last) return 1;
  return last.attempt + (status === 'received' && last.status !== 'running' ? 1 : 0);
}

export const handler = queue(Env, async (env) =>
  onTicket({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    runs: dynamoRuns(env.RUNS_TABLE),
    projects: dynamoProjects(env.PROJECTS_TABLE),
    notices: dynamoNotices(env.NOTICES_TABLE),
    forgeOf: async (repository) => githubForge(repository, await secret(env.FORGE_SECRET_ARN)),
    publicUrl: env.PUBLIC_URL,
    machines: stateMachines(),
    clock,
    machineArn: env.TICKET_MACHINE_ARN,
    spend: dynamoSpend(env.RUNS_TABLE),
  }),
);
