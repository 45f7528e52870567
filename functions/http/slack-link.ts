import * as z from 'zod';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoSlackPeople } from '#adapters/dynamodb/slack-people.ts';
import { messagePage, pageHeaders } from '#adapters/html/page.ts';
import { slackPage } from '#adapters/html/slack-page.ts';
import type { Oidc } from '#adapters/oidc.ts';
import { forget } from '#adapters/signed-cookie.ts';
import { type SlackApp, type SlackApps, slackApps } from '#adapters/slack/apps.ts';
import { type SlackCookies, slackCookies } from '#adapters/slack/cookies.ts';
import { type SlackAccount, slackOpenId } from '#adapters/slack/openid.ts';
import { Fault, type FaultCode } from '#core/fault.ts';
import type { Person } from '#core/people/person.ts';
import type { People, SlackPeople } from '#core/people/ports.ts';
import { visible } from '#core/visible.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { isOwnForm } from '../own-form.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ SLACK_PREFIX: z.string(), SLACK_URL: z.url() });
export type Env = z.infer<typeof Env>;

interface Needs {
  apps: Pick<SlackApps, 'find'>;
  signInWith(app: SlackApp): Promise<Oidc<SlackAccount>>;
  cookies: SlackCookies;
  people: Pick<People, 'find'>;
  members: Pick<SlackPeople, 'link' | 'unlink'>;
  principalOf: PrincipalOf;
  publicUrl: string;
}

const CALLBACK = '/auth/slack/callback';

/**
 * GET /auth/slack goes to Slack, GET /auth/slack/callback comes back and asks whether this is the account, and only POST
 * /auth/slack links it: nobody is linked to an account that somebody else was signed in to on their machine unseen.
 */
export function slackLink(needs: Needs): Route {
  return async (request) => {
    try {
      const person = await signedIn(request, needs);
      if (request.event.requestContext.http.method === 'POST') return await change(person, request, needs);
      const isBack = request.event.rawPath.endsWith('/callback');
      return await (isBack ? comeBack(person, request, needs) : go(person, needs));
    } catch (error) {
      const status = error instanceof Fault ? SAID[error.code] : undefined;
      if (!status) throw error;
      return say(status, 'Not linked', `${(error as Fault).message}.`);
    }
  };
}

const SAID: Partial<Record<FaultCode, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  Conflict: 409,
};

async function signedIn(request: Request, { principalOf, people, publicUrl }: Needs): Promise<Person> {
  const principal = await principalOf(request);
  const person = principal.via === 'session' ? await people.find(principal.org, principal.id) : undefined;
  if (person) return person;
  throw new Fault('Unauthorized', `Sign in at ${publicUrl}/ first, then open this address again`);
}

async function go(person: Person, { apps, signInWith, cookies }: Needs): Promise<Reply> {
  if (person.slack) return linked(person.slack.user);
  const { url, checks } = await (await signInWith(await appOf(person, apps))).begin();
  const cookie = await cookies.begun.write({ ...checks, person: person.id });
  return { status: 303, headers: { ...pageHeaders(), location: url }, cookies: [cookie] };
}

async function comeBack(person: Person, { event, cookies }: Request, needs: Needs): Promise<Reply> {
  const { begun, proven } = needs.cookies;
  const checks = await begun.read(cookies[begun.name]);
  if (checks?.person !== person.id) {
    throw new Fault('Unauthorized', 'This was not begun in this browser by you, or more than 10 minutes ago');
  }
  const app = await appOf(person, needs.apps);
  const answer = new URL(`${CALLBACK}?${event.rawQueryString}`, needs.publicUrl);
  const { member, name } = await (await needs.signInWith(app)).finish(answer, checks);
  if (!app.teams.includes(member.team)) {
    throw new Fault('Forbidden', `Workspace ${member.team} is not one that your organization has named`);
  }
  const account = `${visible(name)} (${member.user}) of workspace ${member.team}`;
  const message = `Whoever is signed in to Slack as ${account} will decide as ${person.email}.`;
  return {
    status: 200,
    html: slackPage('Is this you?', message, { does: 'link', label: 'This is me: link it' }),
    headers: pageHeaders(),
    cookies: [forget(begun), await proven.write({ member, name, person: person.id })],
  };
}

async function change(person: Person, request: Request, needs: Needs): Promise<Reply> {
  const { proven } = needs.cookies;
  if (!isOwnForm(request.headers, needs.publicUrl))
    throw new Fault('Forbidden', 'Press the button on our own page');
  if (new URLSearchParams(request.text).get('do') === 'unlink') {
    await needs.members.unlink(person);
    return say(200, 'Unlinked', 'Nobody decides by Slack in your name any more.');
  }
  const account = await proven.read(request.cookies[proven.name]);
  if (account?.person !== person.id) {
    throw new Fault('Unauthorized', 'This page is no longer good; open /auth/slack again');
  }
  await needs.members.link(person, account.member);
  return { ...linked(account.member.user), cookies: [forget(proven)] };
}

async function appOf({ org }: Person, apps: Needs['apps']): Promise<SlackApp> {
  const app = await apps.find(org);
  if (app) return app;
  throw new Fault(
    'NotFound',
    'Your organization has no Slack app yet; an admin can connect one, see docs/slack.md',
  );
}

function linked(user: string): Reply {
  const message = `You are linked to the Slack account ${user}. What you are asked to decide comes to you there.`;
  return {
    status: 200,
    html: slackPage('Linked', message, { does: 'unlink', label: 'Unlink' }),
    headers: pageHeaders(),
  };
}

function say(status: number, title: string, message: string): Reply {
  return { status, html: messagePage(title, message), headers: pageHeaders() };
}

export const handler = http(Env, async (env) => {
  const redirectUri = new URL(CALLBACK, env.PUBLIC_URL).href;
  return slackLink({
    apps: slackApps(env.SLACK_PREFIX, clock),
    signInWith: (app) => slackOpenId(app, { issuer: env.SLACK_URL, redirectUri }),
    cookies: slackCookies(await secret(env.SESSION_SECRET_ARN), clock),
    people: dynamoPeople(env.PEOPLE_TABLE),
    members: dynamoSlackPeople(env.PEOPLE_TABLE),
    principalOf: await principalsFrom(env),
    publicUrl: env.PUBLIC_URL.replace(/\/$/, ''),
  });
});
