import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { normalEmail, Person, personId } from '#core/people/person.ts';
import type { People } from '#core/people/ports.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Clock } from '#core/ports.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv;
export type Env = z.infer<typeof Env>;

interface Needs {
  people: Pick<People, 'admit' | 'change' | 'find' | 'list'>;
  principalOf: PrincipalOf;
  clock: Clock;
}

const Groups = Person.shape.groups.unwrap().max(50);
const Added = z.strictObject({
  email: z.email(),
  name: Person.shape.name.optional(),
  roles: Person.shape.roles,
  groups: Groups.default([]),
});
const Changed = z
  .strictObject({
    name: Person.shape.name.optional(),
    roles: Person.shape.roles.optional(),
    groups: Groups.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'Name what is to be changed: name, roles or groups');
const Absence = z.strictObject({
  /** Null: back again. */
  until: z.iso.datetime().nullable(),
});

/**
 * POST /v1/people, PATCH and DELETE /v1/people/{id}: admins say who is in the organization, with which roles and in which
 * groups. PUT /v1/absence: anybody says until when they are away. What somebody may do follows from these at once.
 */
export function peopleRoutes(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    const { method } = request.event.requestContext.http;
    if (method === 'PUT') return away(principal, request, needs);
    allow(principal, 'admin');
    if (method === 'POST') return add(principal, request, needs);
    return method === 'DELETE' ? remove(principal, request, needs) : change(principal, request, needs);
  };
}

async function add({ org }: Principal, { text }: Request, { people, clock }: Needs): Promise<Reply> {
  const { email: given, name, roles, groups } = parseJson(Added, text);
  const email = normalEmail(given);
  const id = personId(org, email);
  const known = await people.find(org, id);
  if (known && !known.leftAt) throw new Fault('Conflict', `${email} is here already; change them instead`);
  const createdAt = clock.now().toISOString();
  const own = { name: name ?? email.split('@')[0] ?? email, roles, groups };
  const person = known
    ? await people.change(org, id, { ...own, leftAt: undefined })
    : await people.admit({ org, id, email, ...own, createdAt });
  return { status: 201, body: { person } };
}

async function change({ org }: Principal, { text, params }: Request, { people }: Needs): Promise<Reply> {
  const wanted = parseJson(Changed, text);
  const id = params.id ?? '';
  if (wanted.roles && !wanted.roles.includes('admin')) await keepAnAdmin(org, id, people);
  return { status: 200, body: { person: await people.change(org, id, wanted) } };
}

/** They stay in what they did; they cannot sign in, are not asked, and their keys end. */
async function remove(
  { org, id: admin }: Principal,
  { params }: Request,
  { people, clock }: Needs,
): Promise<Reply> {
  const id = params.id ?? '';
  if (id === admin) throw new Fault('Forbidden', 'Another admin removes you');
  await keepAnAdmin(org, id, people);
  const person = await people.change(org, id, { leftAt: clock.now().toISOString() });
  return { status: 200, body: { person } };
}

async function keepAnAdmin(org: string, id: string, people: Needs['people']): Promise<void> {
  const admins = (await people.list(org)).filter(({ roles }) => roles.includes('admin'));
  if (admins.length === 1 && admins[0]?.id === id)
    throw new Fault('Conflict', 'This is the only admin; make somebody else one first');
}

async function away(principal: Principal, { text }: Request, { people, clock }: Needs): Promise<Reply> {
  allow(principal, 'viewer');
  const { until } = parseJson(Absence, text);
  if (until && new Date(until) <= clock.now()) throw new Fault('Invalid', 'until: this is over already');
  const awayUntil = until ? new Date(until).toISOString() : undefined;
  return { status: 200, body: { person: await people.change(principal.org, principal.id, { awayUntil }) } };
}

export const handler = http(Env, async (env) =>
  peopleRoutes({ people: dynamoPeople(env.PEOPLE_TABLE), principalOf: await principalsFrom(env), clock }),
);
