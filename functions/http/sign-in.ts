import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { type SignInCodes, signInCodes } from '#adapters/codes.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoSignIns } from '#adapters/dynamodb/sign-ins.ts';
import { jwtSessions, NO_SESSION_COOKIE, SESSION_COOKIE, sessionCookie } from '#adapters/session.ts';
import { Fault } from '#core/fault.ts';
import type { Notice } from '#core/notice.ts';
import { parseJson } from '#core/parse.ts';
import { normalEmail } from '#core/people/person.ts';
import type { People, Sessions, SignIns } from '#core/people/ports.ts';
import { type First, isKnown, signInAs } from '#core/people/sign-in.ts';
import type { Clock, Notices } from '#core/ports.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';

export const Env = z.object({
  PEOPLE_TABLE: z.string(),
  NOTICES_TABLE: z.string(),
  SESSION_SECRET_ARN: z.string(),
  LINK_SECRET_ARN: z.string(),
  ADMIN_EMAIL: z.string(),
  FIRST_ORG: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  people: People;
  signIns: SignIns;
  sessions: Sessions;
  codes: SignInCodes;
  notices: Notices;
  clock: Clock;
  first: First;
}

const CODE_MINUTES = 10;
/** Codes per hour: for one mailbox, and from one network address. */
const PER_MAILBOX = 10;
const PER_ADDRESS = 40;

const Ask = z.object({ email: z.email().max(200) });
const Answer = Ask.extend({
  code: z.string().min(1).max(20),
  org: z.string().optional(),
  /** `cli` gets its token in the body, everybody else in a cookie that no script can read. */
  client: z.enum(['cli']).optional(),
});

/** POST /auth/code, POST /auth/session, DELETE /auth/session. */
export function signIn(needs: Needs): Route {
  return async (request) => {
    if (request.event.requestContext.http.method === 'DELETE') return leave(request, needs);
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      throw new Fault('Invalid', 'Send JSON, with "content-type: application/json"');
    }
    return request.event.rawPath.endsWith('/code') ? ask(request, needs) : enter(request, needs);
  };
}

/** Answers the same whether anyone has the address or not. */
async function ask({ text, event }: Request, needs: Needs): Promise<Reply> {
  const email = normalEmail(parseJson(Ask, text).email);
  const now = needs.clock.now();
  const { sourceIp } = event.requestContext.http;
  const isWithin = await Promise.all([
    needs.signIns.isWithin(PER_MAILBOX, `mail:${email}`, now),
    needs.signIns.isWithin(PER_ADDRESS, `address:${sourceIp}`, now),
  ]);
  if (isWithin.includes(false))
    throw new Fault('TooMany', 'Too many codes were asked for; try again in an hour');
  const requestId = randomBytes(16).toString('base64url');
  const expiresAt = new Date(now.getTime() + CODE_MINUTES * 60_000);
  await needs.signIns.begin(email, { requestId, expiresAt });
  if (await isKnown(email, needs.people, needs.first)) {
    await needs.notices.post(codeNotice(email, { requestId, expiresAt, now, org: needs.first.org }));
  }
  return { status: 202, body: { message: `If we know ${email}, a code is on its way` } };
}

function codeNotice(
  email: string,
  { requestId, expiresAt, now, org }: { requestId: string; expiresAt: Date; now: Date; org: string },
): Notice {
  return {
    org,
    id: `sign_in_code#${requestId}`,
    kind: 'sign_in_code',
    to: [email],
    subject: 'Your code to sign in to Signalbox',
    paragraphs: [
      `Someone, probably you, wants to sign in as ${email}. Type this code where you were asked for it.`,
      'If it was not you, do nothing: without the code nobody gets in.',
    ],
    facts: [],
    minted: { kind: 'sign_in_code', requestId, expiresAt: expiresAt.toISOString() },
    at: now.toISOString(),
  };
}

async function enter({ text }: Request, needs: Needs): Promise<Reply> {
  const { email: given, code, org, client } = parseJson(Answer, text);
  const email = normalEmail(given);
  const requestId = await needs.signIns.attempt(email, needs.clock.now());
  const isRight = requestId !== undefined && needs.codes.isRight(code, email, requestId);
  if (!isRight || !(await needs.signIns.use(email, requestId))) throw wrongCode();
  const person = await signInAs({ email, org }, needs);
  if (!person) throw wrongCode();
  const { token } = await needs.sessions.issue({ org: person.org, personId: person.id });
  const me = { org: person.org, id: person.id, email: person.email, name: person.name, roles: person.roles };
  if (client === 'cli') return { status: 200, body: { ...me, token } };
  return { status: 200, body: me, cookies: [sessionCookie(token)] };
}

function wrongCode(): Fault {
  return new Fault('Unauthorized', 'The code is wrong, used or over 10 minutes old; ask for a new one');
}

async function leave({ headers, cookies }: Request, { sessions, people }: Needs): Promise<Reply> {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const session = await sessions.read(bearer ?? cookies[SESSION_COOKIE] ?? '');
  if (session) await people.endSession(session);
  return { status: 204, cookies: [NO_SESSION_COOKIE] };
}

export const handler = http(Env, async (env) => {
  const [sessionSecret, linkSecret] = await Promise.all([
    secret(env.SESSION_SECRET_ARN),
    secret(env.LINK_SECRET_ARN),
  ]);
  return signIn({
    people: dynamoPeople(env.PEOPLE_TABLE),
    signIns: dynamoSignIns(env.PEOPLE_TABLE),
    sessions: jwtSessions(sessionSecret, clock),
    codes: signInCodes(linkSecret),
    notices: dynamoNotices(env.NOTICES_TABLE),
    clock,
    first: { email: env.ADMIN_EMAIL, org: env.FIRST_ORG },
  });
});
