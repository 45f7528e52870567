import type { Ticket } from './ticket.ts';

/** What makes a ticket be worked on from the beginning. It is understood anew, from what is known by then; only what a person said of it stays. */
export function anew({ classification }: Ticket): Partial<Ticket> {
  return {
    status: 'received',
    reason: undefined,
    failure: undefined,
    diagnosis: undefined,
    ...(classification?.by !== 'person' && !classification?.isPlaced && { classification: undefined }),
  };
}
