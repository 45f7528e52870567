import type { Ticket } from '../tickets/ticket.ts';
import type { Likeness } from './ports.ts';
import { alike, errorsOf, type Link, sameError, sketchOf, strongest } from './similar.ts';

/**
 * Links a ticket to those that report the same error or use the same words. It remembers before it looks, so of two
 * that come at once at least one finds the other. The work is bounded: a fixed window of the newest texts, and one
 * lookup for each of at most five errors, however old their tickets are.
 */
export async function findSimilar(ticket: Ticket, likeness: Likeness): Promise<Link[]> {
  const { org, id } = ticket;
  const sketch = sketchOf(ticket);
  const errors = errorsOf(ticket.body);
  await likeness.remember(org, sketch, errors);
  const [recent, ...withErrors] = await Promise.all([
    likeness.recent(org),
    ...errors.map(async ({ print, line }) =>
      (await likeness.withError(org, print))
        .filter((other) => other !== id)
        .map((other) => sameError(line, other)),
    ),
  ]);
  const links = strongest([...withErrors.flat(), ...alike(sketch, recent)]);
  if (links.length > 0) await likeness.link(org, id, links);
  return links;
}
