import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoIdentities } from '#adapters/dynamodb/identities.ts';
import { dynamoSlackPeople } from '#adapters/dynamodb/slack-people.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { jwtSessions } from '#adapters/session.ts';
import type { Person } from '#core/people/person.ts';
import { peopleBehind } from '#core/people/reporter.ts';
import { fromSlack } from '#core/tickets/sources/slack.ts';
import { accountRoutes } from '#functions/http/accounts.ts';
import { principals } from '#functions/principal.ts';
import { handClock, NOW, SECRET, URL_ } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { organization, people } from '../../support/organization.ts';
import { send } from '../../support/request.ts';
import { delivery, ticket } from '../../support/tickets.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const clock = handClock();
clock.set(NOW);
const sessions = jwtSessions(SECRET, clock);
const identities = dynamoIdentities('People');
const tickets = dynamoTickets('Tickets', 'Deliveries');
const principalOf = principals({ people, sessions, clock, publicUrl: URL_ });
const route = accountRoutes({ identities, people, tickets, principalOf, clock });
const octocat = { at: 'github', id: '583231' } as const;

async function team() {
  const made = await organization([]);
  await people.change(made.org, made.olga.id, { roles: ['admin'] });
  return made;
}

async function say(who: Person, whose: string, body: object, method = 'POST') {
  const { token } = await sessions.issue({ org: who.org, personId: who.id });
  const headers = { authorization: `Bearer ${token}` };
  const answer = await send(route, { method, path: '/', id: whose, headers, body: JSON.stringify(body) });
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

describe('an account', () => {
  it('is the person’s of whom an admin says that they reported a ticket, with the ticket as evidence', async () => {
    const { org, olga, lea } = await team();
    const given = ticket({ org, source: 'github', reporter: { name: 'octocat', account: octocat } });
    await tickets.accept(given, delivery({ org, id: given.id, text: given.id }));

    expect(await say(olga, lea.id, { ticketId: given.id })).toMatchObject({ status: 200 });
    expect(await peopleBehind(given, identities)).toEqual([lea.id]);
    const at = NOW.toISOString();
    expect(await identities.list(org)).toEqual([
      {
        ...octocat,
        org,
        person: lea.id,
        evidence: { ticketId: given.id, name: 'octocat', by: olga.id, at },
      },
    ]);
  });

  it('is one person’s at most, until it is unlinked', async () => {
    const { org, olga, lea, leo } = await team();
    await say(olga, lea.id, octocat);

    expect(await say(olga, leo.id, octocat)).toMatchObject({ status: 409 });
    expect(await say(olga, leo.id, octocat, 'DELETE')).toMatchObject({ status: 404 });
    expect(await say(olga, lea.id, octocat, 'DELETE')).toMatchObject({ status: 200 });
    expect(await identities.personOf(org, octocat)).toBeUndefined();
    expect(await say(olga, leo.id, octocat)).toMatchObject({ status: 200 });
  });

  it('goes to one of two who are named at once', async () => {
    const { org, olga, lea, leo } = await team();
    const said = await Promise.all([lea, leo].map(({ id }) => say(olga, id, octocat)));

    expect(said.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await identities.list(org)).toHaveLength(1);
  });

  it('is said by admins only, of their own people and tickets', async () => {
    const [{ olga, lea }, other] = [await team(), await team()];
    const foreign = ticket({ org: other.org, reporter: { name: 'octocat', account: octocat } });
    await tickets.accept(foreign, delivery({ org: other.org, id: foreign.id, text: foreign.id }));

    expect(await say(lea, lea.id, octocat)).toMatchObject({ status: 403 });
    expect(await say(olga, other.lea.id, octocat)).toMatchObject({ status: 404 });
    expect(await say(olga, lea.id, { ticketId: foreign.id })).toMatchObject({ status: 404 });
    expect(await identities.list(olga.org)).toEqual([]);
  });

  it('of a ticket whose source names none is refused, saying so', async () => {
    const { org, olga, lea } = await team();
    const given = ticket({ org, source: 'erp' });
    await tickets.accept(given, delivery({ org, id: given.id, text: given.id }));

    expect(await say(olga, lea.id, { ticketId: given.id })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('erp does not say which account') },
    });
    expect(await say(olga, lea.id, { at: 'myspace', id: '1' })).toMatchObject({ status: 400 });
  });

  it('in Slack is also the person’s who signed in there', async () => {
    const { org, lea } = await team();
    await dynamoSlackPeople('People').link(lea, { team: 'T0ACME', user: 'U0LEA' });
    const event = { type: 'message', channel: 'C0OPS', user: 'U0LEA', ts: '1763719200.000100', text: 'Late' };
    const meaning = fromSlack(org, { type: 'event_callback', team_id: 'T0ACME', event }, true);

    expect(meaning.kind).toBe('request');
    if (meaning.kind === 'request') expect(await peopleBehind(meaning.draft, identities)).toEqual([lea.id]);
  });
});
