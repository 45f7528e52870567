import * as z from 'zod/mini';
import type { Source, TicketStatus } from './tickets/ticket.ts';

/** What happens to tickets, as people care about it. */
export const Happening = z.enum(['progress', 'review', 'trouble', 'end']);
export type Happening = z.infer<typeof Happening>;

const HAPPENING: Partial<Record<TicketStatus, Happening>> = {
  ...{ in_review: 'review', escalated: 'trouble', failed: 'trouble' },
  ...{ merged: 'end', closed: 'end', answered: 'end', declined: 'end', cancelled: 'end' },
};

/** What a status is to people: whatever is under way is progress. */
export function happeningOf(status: TicketStatus): Happening {
  return HAPPENING[status] ?? 'progress';
}

const whichTickets = {
  /** From this on a ticket is told of; what was told is edited as the ticket moves on, but for mail, which cannot be. */
  when: z.array(Happening).check(z.minLength(1)),
  /** `homeless`: only tickets with nobody at their source to answer, which drift and failed jobs make. */
  tickets: z.enum(['homeless', 'all']),
};
const inRoom = <Name extends string>(channel: Name, to: z.core.$ZodType<string>) =>
  z.strictObject({ channel: z.literal(channel), to, ...whichTickets });

/** Where an organization wants to hear of tickets. */
export const Room = z.discriminatedUnion('channel', [
  inRoom('slack', z.string().check(z.regex(/^[CG][A-Z0-9]{1,20}$/, 'a channel of Slack, like C0123ABC'))),
  inRoom('discord', z.string().check(z.regex(/^\d{15,21}$/, 'the id of a channel of Discord'))),
  inRoom(
    'linear',
    z.string().check(z.regex(/^[A-Z][A-Z0-9]{0,9}-\d{1,9}$/, 'an issue of Linear, like OPS-12')),
  ),
  inRoom('email', z.email()),
]);
export type Room = z.infer<typeof Room>;
export type RoomChannel = Room['channel'];

const HOMELESS: readonly Source[] = ['drift', 'hotglue'];

/** Whether a room hears of tickets from there. */
export function isHeardIn({ tickets }: Room, source: Source): boolean {
  return tickets === 'all' || HOMELESS.includes(source);
}

/** What names a room. */
export function roomName({ channel, to }: Pick<Room, 'channel' | 'to'>): string {
  return `${channel} ${to}`;
}

/** The kinds of notices that somebody may have another way, or not at all. What asks them to decide and what guards their account always comes. */
export const Kind = z.enum(['pull_request_opened', 'ticket_escalated', 'ticket_closed']);
export type Kind = z.infer<typeof Kind>;
export const Way = z.enum(['email', 'slack', 'off']);
export type Way = z.infer<typeof Way>;

/** How one person wants to hear of things: by mail, unless they say otherwise. */
export const Personal = z.strictObject({
  ways: z.partialRecord(Kind, Way),
  /** Nothing that can be left is sent before this moment. */
  quietUntil: z.optional(z.iso.datetime()),
});
export type Personal = z.infer<typeof Personal>;

export const Rooms = z.strictObject({ rooms: z.array(Room).check(z.maxLength(20)) });
export type Rooms = z.infer<typeof Rooms>;

/** As it was read; what is put must name the revision, 0 while there is none. */
export type Revised<T> = T & { revision: number };

export interface Preferences {
  rooms(org: string): Promise<Revised<Rooms>>;
  personal(org: string, personId: string): Promise<Revised<Personal>>;
  /** Throws `Conflict`, changing nothing, when it is at another revision. */
  putRooms(org: string, rooms: Revised<Rooms>): Promise<Revised<Rooms>>;
  putPersonal(org: string, personId: string, personal: Revised<Personal>): Promise<Revised<Personal>>;
}

/** How a notice reaches somebody, before it is known whether they have linked Slack. */
export function wayOf(kind: string, { ways, quietUntil }: Personal, now: Date): Way {
  const known = z.safeParse(Kind, kind).data;
  if (!known) return 'email';
  return quietUntil && now.toISOString() < quietUntil ? 'off' : (ways[known] ?? 'email');
}

/** One ticket to tell of in one room. */
export const ToRoom = z.object({ org: z.string(), ticketId: z.string(), room: Room });
export type ToRoom = z.infer<typeof ToRoom>;
