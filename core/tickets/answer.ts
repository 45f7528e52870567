import { visible } from '../visible.ts';
import { cut } from './text.ts';
import type { Source, Ticket, TicketStatus } from './ticket.ts';

/** What the people who asked are told of a ticket, before any channel's format. */
export interface StatusText {
  headline: string;
  /** Why it ended so; from a model or from outside, so never to be taken for markup. */
  detail?: string;
  pullRequest?: string;
  url: string;
}

const SAYS: Record<TicketStatus, string> = {
  received: 'Received; it waits for its turn',
  triaging: 'Being sorted',
  diagnosing: 'The cause is being looked for',
  awaiting_approval: 'A plan waits for approval',
  implementing: 'A change is being made',
  verifying: 'The change is being verified',
  in_review: 'A verified change waits for review',
  merged: 'The change is merged',
  closed: 'The change was closed without merging',
  answered: 'Answered',
  declined: 'The plan was declined',
  escalated: 'A person has to look at this',
  failed: 'This failed on our side; a person has been told',
  cancelled: 'Cancelled',
};

const ENDS: readonly TicketStatus[] = ['closed', 'answered', 'declined', 'escalated', 'failed', 'cancelled'];

/** Where a ticket stands, for where it came from. */
export function statusText({ id, status, reason, pullRequest }: Ticket, publicUrl: string): StatusText {
  return {
    headline: SAYS[status],
    ...(reason && ENDS.includes(status) && { detail: cut(visible(reason), 1_500) }),
    ...(pullRequest && { pullRequest: pullRequest.url }),
    url: `${publicUrl.replace(/\/+$/, '')}/tickets/${id}`,
  };
}

/** What was said in one place, so that it is edited and not repeated. */
export interface Said {
  /** How the channel names it: a comment's id, a message's timestamp. */
  ref: string;
  text: string;
}

/** One way to tell people where a ticket stands. Throws `Unavailable` and `TooMany` for what may work later; any other fault is final. */
export interface Channel {
  /** Says it, or edits what was said. Nothing when the organization has not connected this channel. */
  say(ticket: Ticket, status: StatusText, said: Said | undefined): Promise<Said | undefined>;
}

export type Channels = Partial<Record<Source, Channel>>;

/** How a ticket was answered in one place. */
export interface Answer {
  /** `github acme/tap-orders#7`, `slack C0OPS` */
  place: string;
  at: string;
  /** Why it could not be said last; what was said before still stands there. */
  trouble?: string;
}

/** What was said of tickets, and where. */
export interface Outbox {
  /**
   * Says something in one place, in turn: while somebody else is at it, they are asked to look again before they leave, so
   * that what is said last is the newest. `speak` answers what now stands there, or why it could not be said.
   */
  inTurn(
    ticket: Ticket,
    place: string,
    speak: (said: Said | undefined) => Promise<Said | { trouble: string } | undefined>,
  ): Promise<void>;
  answers(ticket: Ticket): Promise<Answer[]>;
}

/** What names the place that a ticket came from. */
export function sourceOf({ source, externalId }: Ticket): string {
  return `${source} ${externalId}`;
}
