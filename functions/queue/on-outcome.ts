import type { EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { stateMachines } from '#adapters/aws/machines.ts';
import { parse } from '#core/parse.ts';
import type { Machines } from '#core/ports.ts';
import { afterwards, type ConcludeNeeds } from '#core/runs/conclude.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { ConcludeEnv, concludeNeeds } from '../conclude-needs.ts';
import { happening } from '../queue.ts';

export const Env = z.extend(ConcludeEnv, { TICKET_MACHINE_ARN: z.string() });
export type Env = z.infer<typeof Env>;

export const Outcome = z.object({ org: z.string(), ticketId: z.string() });

interface Needs extends ConcludeNeeds {
  machines: Pick<Machines, 'stop'>;
  machineArn: string;
}

/** `TicketChanged` to merged, closed or cancelled → the run is over, whoever works on it stops, and people hear of it. Other changes are ignored. */
export function onOutcome(needs: Needs) {
  return async ({ detail }: Pick<EventBridgeEvent<string, unknown>, 'detail'>): Promise<void> => {
    const { org, ticketId } = parse(Outcome, detail);
    const ticket = await needs.tickets.find(org, ticketId);
    if (!ticket || !['merged', 'closed', 'cancelled'].includes(ticket.status)) return;
    await stop(ticket, needs);
    await afterwards(ticket, { org, ticketId, runId: ticket.runId ?? '' }, needs);
  };
}

async function stop(
  { org, status, runId, reason = 'Cancelled' }: Ticket,
  { runs, machines, machineArn, clock }: Needs,
): Promise<void> {
  const run = runId ? await runs.find(org, runId) : undefined;
  // A first run that has opened its pull request is about to end by itself.
  if (run?.status !== 'running' || (status !== 'cancelled' && !run.review)) return;
  const control = { wish: 'stop' as const, by: 'platform', at: clock.now().toISOString() };
  await runs.update(org, run.id, { control });
  await machines.stop(machineArn, run.id, reason);
}

export const handler = happening(Env, async (env) =>
  onOutcome({ ...concludeNeeds(env), machines: stateMachines(), machineArn: env.TICKET_MACHINE_ARN }),
);
