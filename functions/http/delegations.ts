import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { crockford } from '#core/approvals/approval.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { Delegation, delegationView, MAX_DELEGATION_DAYS } from '#core/people/delegation.ts';
import { personId } from '#core/people/person.ts';
import type { People } from '#core/people/ports.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Clock } from '#core/ports.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv;
export type Env = z.infer<typeof Env>;

interface Needs {
  people: Pick<People, 'find' | 'delegate' | 'endDelegation'>;
  principalOf: PrincipalOf;
  clock: Clock;
}

/** High risk takes the delegator's own passkey, so it cannot be handed on. */
const Body = z.strictObject({
  to: z.email(),
  until: z.iso.datetime(),
  action: Delegation.shape.action.default('*'),
  max_risk: z.enum(['low', 'medium']).default('medium'),
});

/** POST /v1/delegations and DELETE /v1/delegations/{id}: people hand on their own place, and take it back. API keys cannot. */
export function delegations(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'viewer');
    const isDelete = request.event.requestContext.http.method === 'DELETE';
    return isDelete ? end(request, principal, needs) : delegate(request, principal, needs);
  };
}

async function delegate(request: Request, { org, id: from }: Principal, needs: Needs): Promise<Reply> {
  const { to: email, until, action, max_risk: maxRisk } = parseJson(Body, request.text);
  const now = needs.clock.now();
  const to = personId(org, email);
  refuseUnfit({ from, to, until }, now);
  if (!(await needs.people.find(org, to)))
    throw new Fault('Invalid', `to: nobody here signs in as ${email}; an admin can add them`);
  const at = now.toISOString();
  const id = `del_${crockford(randomBytes(17), 26)}`;
  const delegation = Delegation.parse({
    ...{ org, id, from, to, action, maxRisk },
    ...{ startsAt: at, endsAt: new Date(until).toISOString(), createdAt: at },
  });
  await needs.people.delegate(delegation);
  return { status: 201, body: delegationView(delegation) };
}

function refuseUnfit({ from, to, until }: { from: string; to: string; until: string }, now: Date): void {
  if (to === from) throw new Fault('Invalid', 'to: this is yourself; name somebody else');
  const days = (Date.parse(until) - now.getTime()) / 86_400_000;
  if (days <= 0) throw new Fault('Invalid', 'until: this is over already');
  if (days > MAX_DELEGATION_DAYS)
    throw new Fault('Invalid', `until: a delegation lasts at most ${MAX_DELEGATION_DAYS} days`);
}

async function end(
  { params }: Request,
  { org, id: from }: Principal,
  { people, clock }: Needs,
): Promise<Reply> {
  await people.endDelegation(org, from, params.id ?? '', clock.now().toISOString());
  return { status: 200, body: { id: params.id, ended: true } };
}

export const handler = http(Env, async (env) =>
  delegations({ people: dynamoPeople(env.PEOPLE_TABLE), principalOf: await principalsFrom(env), clock }),
);
