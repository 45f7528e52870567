import * as z from 'zod/mini';
import { postponed } from '#adapters/aws/queue.ts';
import { secret } from '#adapters/aws/secrets.ts';
import { channelSecrets } from '#adapters/channel-secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoOutbox } from '#adapters/dynamodb/outbox.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { Callback, erpChannel } from '#adapters/erp/callback.ts';
import { githubChannel } from '#adapters/github/answer.ts';
import { JiraSite, jiraChannel } from '#adapters/jira/answer.ts';
import { slackSource } from '#adapters/slack/answer.ts';
import { slackApps } from '#adapters/slack/apps.ts';
import { slack } from '#adapters/slack/client.ts';
import { parseJson } from '#core/parse.ts';
import { type Channels, sourceOf } from '#core/tickets/answer.ts';
import { type AnswerNeeds, answer } from '../answering.ts';
import { queue } from '../queue.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  FORGE_SECRET_ARN: z.string(),
  CHANNELS_PREFIX: z.string(),
  SLACK_PREFIX: z.string(),
  SLACK_URL: z.string(),
  PUBLIC_URL: z.string(),
});
export type Env = z.infer<typeof Env>;

export const Changed = z.object({ detail: z.object({ org: z.string(), ticketId: z.string() }) });

/** Says where a ticket stands now, where it came from, and edits what was said before. Each source has a queue of its own, so that one that is down holds up no other. */
export function tellSource({ channels, ...needs }: AnswerNeeds & { channels: Channels }) {
  return async ({ body }: { body: string }): Promise<void> => {
    const { org, ticketId } = parseJson(Changed, body).detail;
    const ticket = await needs.tickets.find(org, ticketId);
    const channel = ticket && channels[ticket.source];
    if (channel) await answer(ticket, { place: sourceOf(ticket), channel }, needs);
  };
}

export const handler = queue(
  Env,
  async (env) => {
    const publicUrl = env.PUBLIC_URL;
    const callbackOf = channelSecrets(env.CHANNELS_PREFIX, { channel: 'callback', schema: Callback, clock });
    const erp = erpChannel({ callbackOf, clock, publicUrl });
    return tellSource({
      tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
      outbox: dynamoOutbox(env.DELIVERIES_TABLE, clock),
      channels: {
        github: githubChannel(dynamoProjects(env.PROJECTS_TABLE), () => secret(env.FORGE_SECRET_ARN)),
        jira: jiraChannel(channelSecrets(env.CHANNELS_PREFIX, { channel: 'jira', schema: JiraSite, clock })),
        slack: slackSource({
          apps: slackApps(env.SLACK_PREFIX, clock),
          connect: ({ botToken: token }) => slack({ url: env.SLACK_URL, token, patienceMs: 10_000 }),
        }),
        erp,
        rest: erp,
      },
      publicUrl,
    });
  },
  postponed,
);
