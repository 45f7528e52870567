import * as z from 'zod/mini';
import { Fault } from '../fault.ts';
import { type Project, repositoryFor } from '../projects/project.ts';
import { cut } from '../tickets/text.ts';
import { Classification, Priority, type Ticket, type TicketStatus, TicketType } from '../tickets/ticket.ts';
import { wordsOf } from './habits.ts';
import { roleFor, SURE } from './rules.ts';

/** What a person says a ticket is. Saying what it is already confirms it, and teaches as well. */
export const Wish = z
  .strictObject({
    type: z.optional(TicketType),
    priority: z.optional(Priority),
    /** A repository's full name, its last part, or an alias. */
    module: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  })
  .check(
    z.refine((wish) => Object.keys(wish).length > 0, 'Say what is to be corrected: type, priority or module'),
  );
export type Wish = z.infer<typeof Wish>;

const Said = z.partial(z.pick(Classification, { type: true, priority: true, repository: true }));

/** What was corrected, by whom, with the words that it teaches. Written once, never changed. */
export const Correction = z.object({
  org: z.string(),
  ticketId: z.string(),
  /** The ticket's version that was corrected: each is corrected once. */
  version: z.int(),
  at: z.iso.datetime(),
  by: z.string(),
  before: Said,
  after: Said,
  title: z.string(),
  body: z.string(),
  /** What the source called it, in lower case. */
  words: z.array(z.string()),
});
export type Correction = z.infer<typeof Correction>;

interface Act {
  by: { id: string; name: string };
  at: string;
  projects: Project[];
}

/** A correction of a ticket, and how the ticket is classified with it. */
export function corrected(
  ticket: Ticket,
  wish: Wish,
  { by, at, projects }: Act,
): { correction: Correction; classification: Classification } {
  const { classification: was } = ticket;
  if (!was)
    throw new Fault(
      'Conflict',
      'This ticket is not classified yet; wait until it is, or say its type at the source',
    );
  const where = wish.module === undefined ? undefined : repositoryFor(projects, [wish.module]);
  if (wish.module !== undefined && !where)
    throw new Fault(
      'Invalid',
      `module: ${wish.module} names no repository of this organization, or more than one`,
    );
  if (where && where.repository.fullName !== was.repository) notWhileItIsWorkedOn(ticket, was);
  const after = {
    ...(wish.type && { type: wish.type }),
    ...(wish.priority && { priority: wish.priority }),
    ...(where && { repository: where.repository.fullName }),
  };
  const correction = {
    org: ticket.org,
    ticketId: ticket.id,
    version: ticket.version,
    at,
    by: by.id,
    before: { type: was.type, priority: was.priority, repository: was.repository },
    after,
    title: ticket.title,
    body: cut(ticket.body, 4_000),
    words: wordsOf(ticket),
  };
  const type = wish.type ?? was.type;
  const classification: Classification = {
    ...was,
    ...after,
    ...(where && { projectId: where.project.id, isPlaced: true }),
    role: roleFor(type),
    ...sureness(was, wish),
    reason: [`${by.name} said so: ${inWords(correction)}`, ...(wish.type ? [] : stillSaid(was, after))].join(
      '; ',
    ),
  };
  return { correction, classification };
}

const WORKED_ON: TicketStatus[] = [
  'diagnosing',
  'awaiting_approval',
  'implementing',
  'verifying',
  'in_review',
];

/** A plan is for the repository that it was made for: approving it would change the one that was corrected away. */
function notWhileItIsWorkedOn({ status, id }: Ticket, { repository }: Classification): void {
  if (!WORKED_ON.includes(status)) return;
  throw new Fault(
    'Conflict',
    `module: work on ${repository ?? 'it'} is under way (${status.replaceAll('_', ' ')}); end it first (decline the plan, close the pull request, or signalbox tickets cancel ${id}), then correct the module`,
  );
}

/** Whose word type and repository are now, and how sure: what nobody corrected stays as sure as it was. */
function sureness(was: Classification, { type, module }: Wish): Partial<Classification> {
  if (type) return { by: 'person', confidence: 1, typeConfidence: 1 };
  if (!module) return {};
  const { typeConfidence = was.confidence } = was;
  return { by: typeConfidence < SURE ? 'none' : 'person', confidence: typeConfidence };
}

/** The reasons for what was not corrected. */
function stillSaid({ reason }: Classification, after: Correction['after']): string[] {
  const isOver = (part: string) =>
    Object.keys(after).some((name) => part.startsWith(`${name} `) || part.includes(` said so: ${name} `));
  return reason.split('; ').filter((part) => !isOver(part));
}

function inWords({ before, after }: Pick<Correction, 'before' | 'after'>): string {
  return Object.entries(after)
    .map(([name, value]) => {
      const was = before[name as keyof typeof before];
      return was === value ? `${name} ${value}, as before` : `${name} ${value}, not ${was ?? 'unknown'}`;
    })
    .join('; ');
}
