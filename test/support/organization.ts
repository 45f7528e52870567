import { randomBytes } from 'node:crypto';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoPolicies } from '#adapters/dynamodb/policies.ts';
import { Person, personId } from '#core/people/person.ts';
import type { Principal } from '#core/people/principal.ts';
import { defaultPolicy } from '#core/policy/default.ts';
import type { PolicyDocument } from '#core/policy/policy.ts';
import type { Clock } from '#core/ports.ts';
import { carryOut } from '#functions/http/carry-out.ts';
import { proposeAction } from '#functions/http/propose-action.ts';
import type { Route } from '#functions/http.ts';
import { asking, NOW } from './approvals.ts';
import { send } from './request.ts';

export const people = dynamoPeople('People');
export const policies = dynamoPolicies('Policies');

export type Team = Awaited<ReturnType<typeof organization>>;

/** An organization of its own: Olga owns the agent's key; Lea and Leo are in `eng-leads`, Dora in `directors`. */
export async function organization(rules: PolicyDocument['rules'], change: Partial<PolicyDocument> = {}) {
  const org = `org-${randomBytes(4).toString('hex')}`;
  const admit = (name: string, groups: string[]) =>
    people.admit(
      Person.parse({
        ...{ org, id: personId(org, `${name}@x.example`), email: `${name}@x.example`, name, groups },
        roles: ['lead'],
        createdAt: NOW.toISOString(),
      }),
    );
  const [olga, lea, leo, dora] = [
    await admit('olga', []),
    await admit('lea', ['eng-leads']),
    await admit('leo', ['eng-leads']),
    await admit('dora', ['directors']),
  ];
  const leads = { groups: ['eng-leads'], ttl: '4h' };
  const document = { ...defaultPolicy(org), approvals: { leads, approvers: leads }, rules, ...change };
  await adopt(org, document, 0);
  return { org, olga, lea, leo, dora, document };
}

/** Puts a policy in the place of a version, as if it had been approved. */
export function adopt(org: string, document: PolicyDocument, replaces: number) {
  const actionId = `act_${replaces}`;
  return policies.activate(org, { replaces, document, text: '', actionId, at: NOW.toISOString() });
}

export const freshKey = () => randomBytes(12).toString('hex');

/** The routes as an agent calls them with Olga's key; `facts` is what the server measures, and may be changed. */
export function agentOf({ org, olga }: Team, clock: Clock, facts: Record<string, unknown> = {}) {
  const principal: Principal = {
    ...{ via: 'key', org, id: olga.id, keyId: 'k1' },
    scopes: ['actions:propose'],
  };
  const needs = { ...asking(clock, facts), principalOf: async () => principal };
  const call = async (route: Route, path: string, { id, body = {}, key }: Call) => {
    const headers: Record<string, string> = key ? { 'idempotency-key': key } : {};
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await send(route, { method: 'POST', path, ...(id && { id }), headers, body: text });
    return { status: answer.statusCode, body: JSON.parse(answer.body) };
  };
  return {
    propose: (body: object | string, key: string | undefined = freshKey()) =>
      call(proposeAction(needs), '/v1/actions/propose', { body, key }),
    redeem: (id: string, key = freshKey()) =>
      call(carryOut(needs), `/v1/actions/${id}/redemption`, { id, key }),
    result: (id: string, outcome: string) =>
      call(carryOut(needs), `/v1/actions/${id}/result`, { id, body: { outcome } }),
  };
}

interface Call {
  id?: string;
  body?: object | string;
  key?: string | undefined;
}
