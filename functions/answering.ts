import { log } from '#adapters/log.ts';
import { Fault, isForLater } from '#core/fault.ts';
import type { Tickets } from '#core/ports.ts';
import { type Channel, type Outbox, statusText } from '#core/tickets/answer.ts';
import type { Ticket } from '#core/tickets/ticket.ts';

export interface AnswerNeeds {
  tickets: Pick<Tickets, 'find'>;
  outbox: Pick<Outbox, 'inTurn'>;
  publicUrl: string;
}

/**
 * Says in one place where a ticket stands now. A refusal is noted for people to see: what may work later is thrown, so that
 * it comes again, and what never will is logged and left.
 */
export async function answer(
  ticket: Ticket,
  { place, channel }: { place: string; channel: Channel },
  { tickets, outbox, publicUrl }: AnswerNeeds,
): Promise<void> {
  const { org, id } = ticket;
  let later: Fault | undefined;
  await outbox.inTurn(ticket, place, async (said) => {
    later = undefined;
    const now = (await tickets.find(org, id)) ?? ticket;
    try {
      return await channel.say(now, statusText(now, publicUrl), said);
    } catch (error) {
      // What is no fault is a bug, and comes again until it is a dead letter.
      if (!(error instanceof Fault)) throw error;
      const { code, message } = error;
      if (isForLater(error)) later = error;
      else log.error('a ticket could not be answered', { org, ticketId: id, place, code, reason: message });
      return { trouble: message };
    }
  });
  if (later) throw later;
}
