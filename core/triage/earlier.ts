import type { KeptDelivery } from '../ports.ts';
import { oneLine } from '../tickets/text.ts';
import type { Ticket } from '../tickets/ticket.ts';
import type { Evidence, Gathered } from './evidence.ts';
import { errorsOf, type Link } from './similar.ts';

/** Tickets that are alike, as evidence: what they were about, what their cause was, and how they ended. */
export function fromTickets(links: Link[], tickets: Ticket[]): Evidence[] {
  return links.flatMap(({ ticketId, reason }) => {
    const ticket = tickets.find(({ id }) => id === ticketId);
    if (!ticket) return [];
    const { externalId, title, status, diagnosis, pullRequest } = ticket;
    const text = [
      title,
      `It is ${status.replaceAll('_', ' ')}. ${ticket.reason ?? ''}`.trim(),
      ...(diagnosis
        ? [
            `Its cause was ${diagnosis.rootCause}: ${diagnosis.summary}`,
            ...diagnosis.plan.map((step) => `- ${step}`),
          ]
        : ['Its cause is not known.']),
      ...(pullRequest ? [`Its change: ${pullRequest.url}`] : []),
    ].join('\n');
    return [{ id: `ticket:${ticketId}`, what: `${externalId}, ${reason}`, text }];
  });
}

/** What people have written under the request since, each with who and when: words of strangers, to be judged like the rest. */
export function fromComments({ source, comments = [] }: Pick<Ticket, 'source' | 'comments'>): Evidence[] {
  return comments.flatMap(({ id, at, by, text }) =>
    text
      ? [
          {
            id: `comment:${id.replace(/^\w+#/, '')}`,
            what: `comment by ${oneLine(by, 100)} at ${source}, ${at}`,
            text: `${oneLine(by, 100)} wrote at ${source}, ${at}; nobody has checked it:\n${text}`,
          },
        ]
      : [],
  );
}

const HISTORY_LINES = 40;

/**
 * What the source has delivered, as one piece of evidence: all about this ticket and those linked to it, and what could
 * not be read meanwhile. Nothing where there is only the delivery that the ticket was made of.
 */
export function fromDeliveries(about: ReadonlySet<string>, kept: KeptDelivery[]): Evidence[] {
  const told = kept
    .filter(({ ticketId, outcome }) => outcome === 'malformed' || (ticketId && about.has(ticketId)))
    .slice(0, HISTORY_LINES);
  if (told.length < 2) return [];
  const lines = told.map(
    ({ receivedAt, source, outcome, ticketId, why }) =>
      `${receivedAt} ${source} ${outcome}${ticketId ? ` ${ticketId}` : ''}${why ? `: ${oneLine(why, 200)}` : ''}`,
  );
  return [
    { id: 'deliveries:newest', what: `${told.length} deliveries, the newest first`, text: lines.join('\n') },
  ];
}

/** What a person should know when nobody has found the cause: the last errors that were read, and tickets that are alike. */
export function whatIsKnown({ evidence }: Gathered): string {
  const of = (kind: string) => evidence.filter(({ id }) => id.startsWith(kind));
  const errors = of('log:').flatMap(({ text }) => errorsOf(text).map(({ line }) => line));
  const known = [
    ...(errors.length > 0 ? [`the log says “${errors.slice(-2).join('”, “')}”`] : []),
    ...of('ticket:').map(({ what, text }) => `${what}: ${text.split('\n')[0]}`),
  ];
  return known.length > 0 ? ` What is known: ${known.join('; ')}.` : '';
}
