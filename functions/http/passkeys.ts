import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPasskeys } from '#adapters/dynamodb/passkeys.ts';
import { messagePage, pageHeaders } from '#adapters/html/page.ts';
import { passkeyHeaders, passkeysPage } from '#adapters/html/passkey-pages.ts';
import { relyingParty } from '#adapters/relying-party.ts';
import { forget, type SignedCookie, signedCookie } from '#adapters/signed-cookie.ts';
import { registered, signedBy } from '#adapters/webauthn.ts';
import { Fault } from '#core/fault.ts';
import { MAX_PASSKEYS, type Passkey, type Passkeys } from '#core/people/passkey.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Clock, Notices } from '#core/ports.ts';
import { assertionOptions } from '../assertion-options.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { isOwnForm } from '../own-form.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ NOTICES_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

type Person = Extract<Principal, { via: 'session' }>;

const Begun = z.object({ challenge: z.string(), person: z.string() });

/** What a page that adds a passkey has begun, in the browser that began it. */
export function begunCookie(secretText: string, clock: Clock): SignedCookie<z.infer<typeof Begun>> {
  return signedCookie({ name: '__Host-pk', type: 'passkey+jwt', schema: Begun }, secretText, clock);
}

interface Needs {
  passkeys: Passkeys;
  notices: Notices;
  begun: ReturnType<typeof begunCookie>;
  principalOf: PrincipalOf;
  clock: Clock;
  publicUrl: string;
}

/**
 * GET /auth/passkeys shows a person's passkeys, POST adds one. The first is added by being signed in, and told of by
 * mail; another takes one that is there, so that whoever reads somebody's mail cannot add their own.
 * DELETE /v1/people/{id}/passkeys is for admins: a lost device.
 */
export function passkeyRoutes(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'viewer');
    const person = principal as Person;
    const { method } = request.event.requestContext.http;
    if (method === 'DELETE') return clear(person, request, needs);
    return method === 'POST' ? add(person, request, needs) : show(person, needs);
  };
}

async function show(person: Person, { passkeys, begun, publicUrl }: Needs): Promise<Reply> {
  const known = await passkeys.of(person.org, person.id);
  const challenge = randomBytes(32).toString('base64url');
  const ask = {
    create: creation(person, known, { challenge, publicUrl }),
    ...proof(known, challenge, publicUrl),
  };
  return {
    status: 200,
    html: passkeysPage(person.email, { passkeys: known, ask }),
    headers: passkeyHeaders(),
    cookies: [await begun.write({ challenge, person: person.id })],
  };
}

function creation(
  { id, email, name }: Person,
  known: readonly Passkey[],
  { challenge, publicUrl }: { challenge: string; publicUrl: string },
) {
  const user = { id: Buffer.from(id).toString('base64url'), name: email, displayName: name };
  return {
    rp: { id: relyingParty(publicUrl).rpId, name: 'Signalbox' },
    user,
    challenge,
    // EdDSA, ES256, RS256, as COSE names them.
    pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: known.map((one) => ({ id: one.id, type: 'public-key' })),
    authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
    attestation: 'none',
  };
}

function proof(known: readonly Passkey[], challenge: string, publicUrl: string) {
  return known.length > 0 ? { prove: assertionOptions(known, { challenge, publicUrl }) } : {};
}

async function add(person: Person, request: Request, needs: Needs): Promise<Reply> {
  const { begun, passkeys, publicUrl, clock } = needs;
  if (!isOwnForm(request.headers, publicUrl, { byScript: true }))
    return say(403, 'Not added', 'Press the button on our own page.');
  const was = await begun.read(request.cookies[begun.name]);
  if (was?.person !== person.id) return say(400, 'Not added', 'This page is no longer good; open it again.');
  const sent = new URLSearchParams(request.text);
  const known = await passkeys.of(person.org, person.id);
  if (known.length >= MAX_PASSKEYS)
    return say(409, 'Not added', `You have ${known.length} passkeys; an admin can remove them.`);
  const challenge = { challenge: was.challenge, publicUrl };
  if (
    known.length > 0 &&
    !(await signedBy(sent.get('proof') || '{}', known, challenge).catch(() => undefined))
  )
    return say(403, 'Not added', 'To add a passkey, use one that you have.');
  const made = await registered(sent.get('response') ?? '', challenge);
  if (!made) return say(400, 'Not added', 'Your device did not answer as it should; open the page again.');
  const at = clock.now().toISOString();
  await passkeys.add({ org: person.org, person: person.id, ...made, createdAt: at });
  await tell(person, made.id, at, needs);
  return {
    ...say(200, 'Added', 'You can decide requests of high risk with it now.'),
    cookies: [forget(begun)],
  };
}

/** A mail that nobody expects is how somebody learns that their account is used. */
async function tell(
  { org, id, email }: Person,
  passkey: string,
  at: string,
  { notices }: Needs,
): Promise<void> {
  const name = createHash('sha256').update(passkey).digest('hex').slice(0, 16);
  await notices.post({
    ...{ org, id: `passkey_added#${id}#${name}`, kind: 'passkey_added', to: [email], at },
    subject: 'A passkey was added to your account',
    paragraphs: [
      'A passkey was added to your account. It can decide requests of high risk in your name.',
      'If this was not you, tell an admin now: they can remove it and end your sessions.',
    ],
    facts: [],
  });
}

async function clear(admin: Person, { params }: Request, { passkeys, clock }: Needs): Promise<Reply> {
  allow(admin, 'admin');
  const person = params.id ?? '';
  if (person === admin.id) throw new Fault('Forbidden', 'Another admin removes yours');
  const known = await passkeys.of(admin.org, person);
  for (const passkey of known) await passkeys.remove(passkey, clock.now().toISOString());
  return { status: 200, body: { removed: known.length } };
}

function say(status: number, title: string, message: string): Reply {
  return { status, html: messagePage(title, message), headers: pageHeaders() };
}

export const handler = http(Env, async (env) =>
  passkeyRoutes({
    passkeys: dynamoPasskeys(env.PEOPLE_TABLE),
    notices: dynamoNotices(env.NOTICES_TABLE),
    begun: begunCookie(await secret(env.SESSION_SECRET_ARN), clock),
    principalOf: await principalsFrom(env),
    clock,
    publicUrl: env.PUBLIC_URL,
  }),
);
