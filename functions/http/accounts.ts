import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoIdentities } from '#adapters/dynamodb/identities.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { Account, type Identities, type Identity } from '#core/people/account.ts';
import type { People } from '#core/people/ports.ts';
import { allow } from '#core/people/principal.ts';
import type { Clock, Tickets } from '#core/ports.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ TICKETS_TABLE: z.string(), DELIVERIES_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

interface Needs {
  identities: Pick<Identities, 'link' | 'unlink'>;
  people: Pick<People, 'find'>;
  tickets: Pick<Tickets, 'find'>;
  principalOf: PrincipalOf;
  clock: Clock;
}

const Wish = z.union([z.strictObject({ ticketId: z.string().max(100) }), z.strictObject(Account.shape)], {
  error: 'Say which account: {"ticketId": …} for whoever reported a ticket, or {"at": "github", "id": …}',
});
type Wish = z.infer<typeof Wish>;

/** POST and DELETE /v1/people/{id}/accounts: admins say which accounts at GitHub, Jira and Slack are a person's. */
export function accountRoutes(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'admin');
    const { org, id: by } = principal;
    const person = await needs.people.find(org, request.params.id ?? '');
    if (!person || person.leftAt) throw new Fault('NotFound', 'There is no such person');
    const wish = parseJson(Wish, request.text);
    const { account, ...said } = await accountOf(org, wish, needs);
    const identity: Identity = {
      ...account,
      org,
      person: person.id,
      evidence: { ...said, by, at: needs.clock.now().toISOString() },
    };
    if (request.event.requestContext.http.method === 'DELETE')
      await needs.identities.unlink(org, person.id, account);
    else await needs.identities.link(identity);
    return { status: 200, body: { identity } };
  };
}

async function accountOf(org: string, wish: Wish, { tickets }: Needs) {
  if (!('ticketId' in wish)) return { account: wish };
  const ticket = await tickets.find(org, wish.ticketId);
  if (!ticket) throw new Fault('NotFound', `There is no ticket ${wish.ticketId}`);
  const { account, name } = ticket.reporter;
  if (!account)
    throw new Fault('Invalid', `ticketId: ${ticket.source} does not say which account reported ${ticket.id}`);
  return { account, name, ticketId: ticket.id };
}

export const handler = http(Env, async (env) =>
  accountRoutes({
    identities: dynamoIdentities(env.PEOPLE_TABLE),
    people: dynamoPeople(env.PEOPLE_TABLE),
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    principalOf: await principalsFrom(env),
    clock,
  }),
);
