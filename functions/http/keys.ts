import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { type ApiKey, isLive, keyView, newKey } from '#core/people/key.ts';
import { Scope } from '#core/people/person.ts';
import type { People } from '#core/people/ports.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Clock } from '#core/ports.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv;
export type Env = z.infer<typeof Env>;

interface Needs {
  people: Pick<People, 'createKey' | 'findKey' | 'replaceKey' | 'revokeKey'>;
  principalOf: PrincipalOf;
  clock: Clock;
}

const DAY = 86_400_000;
const Body = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(Scope).min(1),
  /** Until it ends by itself. */
  days: z.int().min(1).max(365).default(90),
});

/** How long the old key goes on, so that whoever uses it can change to the new one. */
const Rotation = z.strictObject({ overlapHours: z.int().min(0).max(168).default(24) });

/**
 * POST /v1/keys makes a key that acts in its maker's name, and shows it once; POST /v1/keys/{id}/rotate makes one in its
 * place, with the same name, scopes and length of life; DELETE /v1/keys/{id} ends one's own, or as an admin anybody's.
 */
export function keyRoutes(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    const isDelete = request.event.requestContext.http.method === 'DELETE';
    allow(principal, isDelete ? 'viewer' : 'lead');
    if (isDelete) return revoke(principal, request, needs);
    return request.params.id ? rotate(principal, request, needs) : create(principal, request, needs);
  };
}

async function create(
  { org, id: owner }: Principal,
  { text: sent }: Request,
  { people, clock }: Needs,
): Promise<Reply> {
  const { days, ...given } = parseJson(Body, sent);
  const now = clock.now();
  const expiresAt = new Date(now.getTime() + days * DAY).toISOString();
  const { key, text } = newKey({ org, owner, ...given, expiresAt }, { random: randomBytes, now });
  await people.createKey(key);
  return { status: 201, body: { ...keyView(key), key: text } };
}

async function rotate(principal: Principal, { params, text: sent }: Request, needs: Needs): Promise<Reply> {
  const { people, clock } = needs;
  const old = await known(principal, params.id, needs);
  if (old.owner !== principal.id)
    throw new Fault(
      'Forbidden',
      'A new key is shown to whoever answers for it: only its owner can rotate it',
    );
  const now = clock.now();
  if (!isLive(old, now)) throw new Fault('Conflict', 'This key has ended; make a new one');
  const { overlapHours } = parseJson(Rotation, sent || '{}');
  const length = Date.parse(old.expiresAt) - Date.parse(old.createdAt);
  const { org, owner, name, scopes } = old;
  const expiresAt = new Date(now.getTime() + length).toISOString();
  const { key, text } = newKey({ org, owner, name, scopes, expiresAt }, { random: randomBytes, now });
  const until = new Date(now.getTime() + overlapHours * 3_600_000).toISOString();
  await people.replaceKey(old, key, until);
  const ends = until < old.expiresAt ? until : old.expiresAt;
  return { status: 201, body: { ...keyView(key), key: text, replaces: { id: old.id, expires_at: ends } } };
}

async function known({ org }: Principal, id: string | undefined, { people }: Needs): Promise<ApiKey> {
  const key = await people.findKey(id ?? '');
  if (key?.org !== org) throw new Fault('NotFound', 'There is no such key');
  return key;
}

async function revoke(principal: Principal, { params }: Request, needs: Needs): Promise<Reply> {
  const { people, clock } = needs;
  const key = await known(principal, params.id, needs);
  if (key.owner !== principal.id) allow(principal, 'admin');
  await people.revokeKey(key.id, clock.now().toISOString());
  return { status: 200, body: { id: key.id, revoked: true } };
}

export const handler = http(Env, async (env) =>
  keyRoutes({ people: dynamoPeople(env.PEOPLE_TABLE), principalOf: await principalsFrom(env), clock }),
);
