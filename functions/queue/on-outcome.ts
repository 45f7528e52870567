import type { EventBridgeEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { parse } from '#core/parse.ts';
import { afterwards, type ConcludeNeeds } from '#core/runs/conclude.ts';
import { ConcludeEnv, concludeNeeds } from '../conclude-needs.ts';
import { happening } from '../queue.ts';

export const Env = ConcludeEnv;
export type Env = ConcludeEnv;

export const Outcome = z.object({ org: z.string(), ticketId: z.string() });

/** `TicketChanged` to merged or closed → the run is over and people hear of it. Other changes are ignored. */
export function onOutcome(needs: ConcludeNeeds) {
  return async ({ detail }: Pick<EventBridgeEvent<string, unknown>, 'detail'>): Promise<void> => {
    const { org, ticketId } = parse(Outcome, detail);
    const ticket = await needs.tickets.find(org, ticketId);
    if (!ticket || (ticket.status !== 'merged' && ticket.status !== 'closed')) return;
    await afterwards(ticket, { org, ticketId, runId: ticket.runId ?? '' }, needs);
  };
}

export const handler = happening(Env, async (env) => onOutcome(concludeNeeds(env)));
