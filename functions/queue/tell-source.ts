import * as z from 'zod/mini';
import { secret } from '#adapters/aws/secrets.ts';
import { channelSecrets } from '#adapters/channel-secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoSaid, type SaidStore } from '#adapters/dynamodb/said.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { Callback, erpChannel } from '#adapters/erp/callback.ts';
import { githubChannel } from '#adapters/github/answer.ts';
import { JiraSite, jiraChannel } from '#adapters/jira/answer.ts';
import { log } from '#adapters/log.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import type { Tickets } from '#core/ports.ts';
import { type Channels, statusText } from '#core/tickets/answer.ts';
import { queue } from '../queue.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  FORGE_SECRET_ARN: z.string(),
  CHANNELS_PREFIX: z.string(),
  PUBLIC_URL: z.string(),
});
export type Env = z.infer<typeof Env>;

const Changed = z.object({ detail: z.object({ org: z.string(), ticketId: z.string() }) });

interface Needs {
  tickets: Pick<Tickets, 'find'>;
  said: SaidStore;
  channels: Channels;
  publicUrl: string;
}

/**
 * Says where a ticket stands now, where it came from, and edits what was said before. Each source has a queue of its own, so
 * that one that is down holds up no other. What may work later comes again; what never will is logged once, and left.
 */
export function tellSource({ tickets, said, channels, publicUrl }: Needs) {
  return async ({ body }: { body: string }): Promise<void> => {
    const { org, ticketId } = parseJson(Changed, body).detail;
    const ticket = await tickets.find(org, ticketId);
    const channel = ticket && channels[ticket.source];
    if (!ticket || !channel) return;
    const before = await said.find(ticket);
    const now = await channel.say(ticket, statusText(ticket, publicUrl), before).catch((error) => {
      if (isForLater(error)) throw error;
      const { code, message: reason } = error as Fault;
      log.error('a source does not hear of its ticket', {
        org,
        ticketId,
        source: ticket.source,
        code,
        reason,
      });
    });
    if (now && now !== before) await said.keep(ticket, now);
  };
}

/** What is no fault is a bug, and comes again until it is a dead letter. */
function isForLater(error: unknown): boolean {
  return !(error instanceof Fault) || error.code === 'Unavailable' || error.code === 'TooMany';
}

export const handler = queue(Env, async (env) => {
  const publicUrl = env.PUBLIC_URL;
  const callbackOf = channelSecrets(env.CHANNELS_PREFIX, { channel: 'callback', schema: Callback, clock });
  const erp = erpChannel({ callbackOf, clock, publicUrl });
  return tellSource({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    said: dynamoSaid(env.DELIVERIES_TABLE),
    channels: {
      github: githubChannel(dynamoProjects(env.PROJECTS_TABLE), () => secret(env.FORGE_SECRET_ARN)),
      jira: jiraChannel(channelSecrets(env.CHANNELS_PREFIX, { channel: 'jira', schema: JiraSite, clock })),
      erp,
      rest: erp,
    },
    publicUrl,
  });
});
