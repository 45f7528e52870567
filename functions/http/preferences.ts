import * as z from 'zod/mini';
import { dynamoPreferences } from '#adapters/dynamodb/preferences.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow } from '#core/people/principal.ts';
import { Personal, type Preferences, Rooms, roomName } from '#core/preferences.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ NOTICES_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

const revision = z.int().check(z.nonnegative());
const PutRooms = z.extend(Rooms, { revision });
const PutPersonal = z.extend(Personal, { revision });

/**
 * GET /v1/preferences: how somebody hears of things, and where their organization does. PUT …/mine by anybody, …/rooms by
 * leads: the whole of it, at the revision that it was read at.
 */
export function preferencesRoutes(principalOf: PrincipalOf, preferences: Preferences): Route {
  return async (request) => {
    const principal = await principalOf(request);
    const { method } = request.event.requestContext.http;
    const { org, id } = principal;
    if (request.event.rawPath.endsWith('/rooms')) {
      allow(principal, 'lead');
      const wanted = parseJson(PutRooms, request.text);
      refuseTwins(wanted);
      return { status: 200, body: { rooms: await preferences.putRooms(org, wanted) } };
    }
    allow(principal, 'viewer');
    if (method === 'PUT') {
      const wanted = parseJson(PutPersonal, request.text);
      return { status: 200, body: { mine: await preferences.putPersonal(org, id, wanted) } };
    }
    const [mine, rooms] = await Promise.all([preferences.personal(org, id), preferences.rooms(org)]);
    return { status: 200, body: { mine, rooms } };
  };
}

function refuseTwins({ rooms }: Rooms): void {
  const names = rooms.map(roomName);
  const twin = names.find((name, at) => names.indexOf(name) !== at);
  if (twin) throw new Fault('Invalid', `${twin} is there twice; say once what it hears of`);
}

export const handler = http(Env, async (env) =>
  preferencesRoutes(await principalsFrom(env), dynamoPreferences(env.NOTICES_TABLE)),
);
