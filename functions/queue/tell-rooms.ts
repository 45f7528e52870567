import * as z from 'zod/mini';
import { sqsQueue } from '#adapters/aws/queue.ts';
import { dynamoPreferences } from '#adapters/dynamodb/preferences.ts';
import { parseJson } from '#core/parse.ts';
import { isHeardIn, type Preferences, type RoomChannel, type ToRoom } from '#core/preferences.ts';
import { Source } from '#core/tickets/ticket.ts';
import { queue } from '../queue.ts';

export const Env = z.object({
  NOTICES_TABLE: z.string(),
  SLACK_QUEUE_URL: z.url(),
  DISCORD_QUEUE_URL: z.url(),
  LINEAR_QUEUE_URL: z.url(),
  EMAIL_QUEUE_URL: z.url(),
});
export type Env = z.infer<typeof Env>;

const Changed = z.object({ detail: z.object({ org: z.string(), ticketId: z.string(), source: Source }) });

interface Needs {
  preferences: Pick<Preferences, 'rooms'>;
  tell: Record<RoomChannel, (message: ToRoom) => Promise<void>>;
}

/** A ticket's change becomes one message for each room that hears of such tickets, in its channel's own queue: one that is down holds up no other. */
export function tellRooms({ preferences, tell }: Needs) {
  return async ({ body }: { body: string }): Promise<void> => {
    const { org, ticketId, source } = parseJson(Changed, body).detail;
    const { rooms } = await preferences.rooms(org);
    const heard = rooms.filter((room) => isHeardIn(room, source));
    await Promise.all(heard.map((room) => tell[room.channel]({ org, ticketId, room })));
  };
}

export const handler = queue(Env, async (env) =>
  tellRooms({
    preferences: dynamoPreferences(env.NOTICES_TABLE),
    tell: {
      slack: sqsQueue(env.SLACK_QUEUE_URL),
      discord: sqsQueue(env.DISCORD_QUEUE_URL),
      linear: sqsQueue(env.LINEAR_QUEUE_URL),
      email: sqsQueue(env.EMAIL_QUEUE_URL),
    },
  }),
);
