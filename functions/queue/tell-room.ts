import * as z from 'zod/mini';
import { postponed } from '#adapters/aws/queue.ts';
import { channelSecrets } from '#adapters/channel-secrets.ts';
import { clock } from '#adapters/clock.ts';
import { DiscordBot, discordRoom } from '#adapters/discord/answer.ts';
import { dynamoOutbox } from '#adapters/dynamodb/outbox.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { emailRoom } from '#adapters/email/answer.ts';
import { sesMail } from '#adapters/email/send.ts';
import { LinearKey, linearRoom } from '#adapters/linear/answer.ts';
import { slackRoom } from '#adapters/slack/answer.ts';
import { slackApps } from '#adapters/slack/apps.ts';
import { slack } from '#adapters/slack/client.ts';
import { parseJson } from '#core/parse.ts';
import { happeningOf, type Room, type RoomChannel, roomName, ToRoom } from '#core/preferences.ts';
import type { Channel } from '#core/tickets/answer.ts';
import { type AnswerNeeds, answer } from '../answering.ts';
import { queue } from '../queue.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  CHANNELS_PREFIX: z.string(),
  SLACK_PREFIX: z.string(),
  SLACK_URL: z.string(),
  PUBLIC_URL: z.string(),
  MAIL_FROM: z.string(),
});
export type Env = z.infer<typeof Env>;

type RoomChannels = Record<RoomChannel, (room: Room) => Channel>;

/** Tells of one ticket in one room. */
export function tellRoom({ channels, ...needs }: AnswerNeeds & { channels: RoomChannels }) {
  return async ({ body }: { body: string }): Promise<void> => {
    const { org, ticketId, room } = parseJson(ToRoom, body);
    const ticket = await needs.tickets.find(org, ticketId);
    const channel = begunBy(room, channels[room.channel](room));
    if (ticket) await answer(ticket, { place: roomName(room), channel }, needs);
  };
}

/** Says nothing of a ticket before what the room wants to hear of has happened. */
function begunBy({ when }: Room, { say }: Channel): Channel {
  return {
    say: async (ticket, status, said) =>
      said || when.includes(happeningOf(ticket.status)) ? say(ticket, status, said) : undefined,
  };
}

export const handler = queue(
  Env,
  async (env) => {
    const secretOf = <T>(channel: string, schema: z.core.$ZodType<T>) =>
      channelSecrets(env.CHANNELS_PREFIX, { channel, schema, clock });
    const [discord, linear] = [secretOf('discord', DiscordBot), secretOf('linear', LinearKey)];
    const apps = slackApps(env.SLACK_PREFIX, clock);
    const mail = sesMail(env.MAIL_FROM);
    return tellRoom({
      tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
      outbox: dynamoOutbox(env.DELIVERIES_TABLE, clock),
      channels: {
        slack: ({ to }) =>
          slackRoom(to, {
            apps,
            connect: ({ botToken: token }) => slack({ url: env.SLACK_URL, token, patienceMs: 10_000 }),
          }),
        discord: ({ to }) => discordRoom(to, discord),
        linear: ({ to }) => linearRoom(to, linear),
        email: (room) => emailRoom(room, mail),
      },
      publicUrl: env.PUBLIC_URL,
    });
  },
  postponed,
);
