import * as z from 'zod';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { messagePage, pageHeaders } from '#adapters/html/page.ts';
import type { Checks } from '#adapters/oidc.ts';
import { type Oidc, openId, type Proven, provenAddress } from '#adapters/oidc.ts';
import { oidcCookie } from '#adapters/oidc-cookie.ts';
import { jwtSessions, sessionCookie } from '#adapters/session.ts';
import { forget, type SignedCookie } from '#adapters/signed-cookie.ts';
import { Fault } from '#core/fault.ts';
import type { People, Sessions } from '#core/people/ports.ts';
import { type First, signInAs } from '#core/people/sign-in.ts';
import type { Clock } from '#core/ports.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';

export const Env = z.object({
  PEOPLE_TABLE: z.string(),
  SESSION_SECRET_ARN: z.string(),
  OIDC_SECRET_ARN: z.string().optional(),
  OIDC_ISSUER: z.string().optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  PUBLIC_URL: z.url(),
  ADMIN_EMAIL: z.string(),
  FIRST_ORG: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  oidc: Oidc<Proven>;
  cookie: SignedCookie<Checks>;
  people: People;
  sessions: Sessions;
  clock: Clock;
  first: First;
  publicUrl: string;
}

/** GET /auth/oidc sends a browser to the issuer; GET /auth/callback takes it back and signs it in. */
export function oidcSignIn(needs: Needs): Route {
  return (request) => (request.event.rawPath.endsWith('/callback') ? comeBack(request, needs) : go(needs));
}

async function go({ oidc, cookie }: Needs): Promise<Reply> {
  const { url, checks } = await oidc.begin();
  return { status: 303, headers: { location: url }, cookies: [await cookie.write(checks)] };
}

async function comeBack({ event, cookies }: Request, needs: Needs): Promise<Reply> {
  const checks = await needs.cookie.read(cookies[needs.cookie.name]);
  if (!checks)
    return refused(needs, 'This sign-in was not begun in this browser, or more than 10 minutes ago.');
  try {
    const answer = new URL(`/auth/callback?${event.rawQueryString}`, needs.publicUrl);
    const person = await signInAs(await needs.oidc.finish(answer, checks), needs);
    if (!person) return refused(needs, 'Nobody here has your e-mail address; ask an admin to add you.');
    const { token } = await needs.sessions.issue({ org: person.org, personId: person.id });
    return { status: 303, headers: { location: '/' }, cookies: [forget(needs.cookie), sessionCookie(token)] };
  } catch (error) {
    if (error instanceof Fault && error.code === 'Unauthorized') return refused(needs, `${error.message}.`);
    throw error;
  }
}

function refused({ cookie }: Needs, message: string): Reply {
  return {
    status: 401,
    html: messagePage('Not signed in', message),
    headers: pageHeaders(),
    cookies: [forget(cookie)],
  };
}

export const handler = http(Env, async (env) => {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_SECRET_ARN: secretArn } = env;
  if (!issuer || !clientId || !secretArn) return absent;
  const sessionSecret = await secret(env.SESSION_SECRET_ARN);
  const redirectUri = new URL('/auth/callback', env.PUBLIC_URL).href;
  return oidcSignIn({
    oidc: await openId(
      { issuer, clientId, clientSecret: await secret(secretArn), redirectUri },
      provenAddress,
    ),
    cookie: oidcCookie(sessionSecret, clock),
    people: dynamoPeople(env.PEOPLE_TABLE),
    sessions: jwtSessions(sessionSecret, clock),
    clock,
    first: { email: env.ADMIN_EMAIL, org: env.FIRST_ORG },
    publicUrl: env.PUBLIC_URL,
  });
});

async function absent(): Promise<Reply> {
  throw new Fault('NotFound', 'Sign-in by OIDC is not configured; sign in by code');
}
