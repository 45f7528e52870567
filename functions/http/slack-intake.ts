import * as z from 'zod';
import { clock as machineClock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { type SlackApps, slackApps } from '#adapters/slack/apps.ts';
import { parseJson } from '#core/parse.ts';
import type { Clock, Tickets } from '#core/ports.ts';
import { ticketUrl } from '#core/runs/conclude.ts';
import { WATCHED } from '#core/tickets/read.ts';
import { SlackEvent } from '#core/tickets/sources/slack.ts';
import { deliveryOf, refuse, taken } from '../delivery.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import type { Genuine } from '../slack-decision.ts';
import { slackSigned } from '../slack-signed.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  SLACK_PREFIX: z.string(),
  PUBLIC_URL: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  apps: SlackApps;
  tickets: Tickets;
  clock: Clock;
  publicUrl: string;
}

/** POST /webhooks/slack/{org}/events and …/commands: messages in watched channels, those that name us, and `/triage`. */
export function slackIntake(needs: Needs): Route {
  return async (request) => {
    const genuine = await slackSigned(request, needs);
    return request.event.rawPath.endsWith('/commands')
      ? command(request, genuine, needs)
      : event(request, genuine, needs);
  };
}

async function event(request: Request, { org, app }: Genuine, needs: Needs): Promise<Reply> {
  const { type, challenge = '', team_id, event_id: id, event } = parseJson(SlackEvent, request.text);
  if (type === 'url_verification') return { status: 200, body: { challenge } };
  if (!app.teams.includes(team_id ?? '')) return foreign(org, needs);
  const delivery = deliveryOf(request, { org, source: 'slack', id, now: needs.clock.now() });
  const isWatched = app.watch?.some((one) => one === event?.channel);
  const headers = { ...delivery.headers, ...(isWatched && { [WATCHED]: 'yes' }) };
  return taken({ ...delivery, headers }, needs);
}

/** Only whoever typed it sees the answer. */
async function command(request: Request, { org, app, hash: id }: Genuine, needs: Needs): Promise<Reply> {
  const form = new URLSearchParams(request.text);
  if (!app.teams.includes(form.get('team_id') ?? '')) return foreign(org, needs);
  if (!form.get('text')?.trim())
    return whisper('Say what is wrong or wanted: `/triage orders after the first page are missing`');
  const delivery = deliveryOf(request, { org, source: 'slack', id, now: needs.clock.now() });
  const { body } = await taken(delivery, needs);
  return whisper(`Taken. Follow it at ${ticketUrl(needs.publicUrl, (body as { id: string }).id)}`);
}

/** Guests of a shared channel come from other workspaces: nothing of theirs is taken. */
function foreign(org: string, { tickets }: Needs): Promise<never> {
  return refuse(tickets, { org, source: 'slack', reason: 'team' });
}

function whisper(text: string): Reply {
  return { status: 200, body: { response_type: 'ephemeral', text } };
}

export const handler = http(Env, async (env) =>
  slackIntake({
    apps: slackApps(env.SLACK_PREFIX, machineClock),
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    clock: machineClock,
    publicUrl: env.PUBLIC_URL,
  }),
);
