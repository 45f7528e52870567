import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { approvalId } from '#core/approvals/approval.ts';
import { type AskNeeds, ask } from '#core/approvals/ask.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Policies } from '#core/policy/ports.ts';
import { AskEnv, askingFrom } from '../asking.ts';
import { http, type Reply, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';
import { proposalView } from './propose-action.ts';

export const Env = PrincipalEnv.extend(AskEnv.shape);
export type Env = z.infer<typeof Env>;

interface Needs extends AskNeeds {
  policies: Policies;
  principalOf: PrincipalOf;
}

const Body = z.strictObject({ reason: z.string().trim().min(1).max(2_000) });

/**
 * POST /v1/freeze, by a lead: nothing happens without people any more, what was let through is stopped, and every link
 * that was sent is worth nothing. DELETE /v1/freeze asks for its end, which others must approve.
 */
export function freezeRoutes(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'lead');
    const { reason } = parseJson(Body, request.text);
    const isEnd = request.event.requestContext.http.method === 'DELETE';
    return isEnd ? end(principal, reason, needs) : freeze(principal, reason, needs);
  };
}

async function freeze({ org, id }: Principal, reason: string, { policies, clock }: Needs): Promise<Reply> {
  await policies.freeze(org, { at: clock.now().toISOString(), by: id, reason });
  const freeze = await policies.frozen(org);
  return { status: 200, body: { frozen: true, since: freeze?.at } };
}

async function end({ org, id: requester, via }: Principal, reason: string, needs: Needs): Promise<Reply> {
  const freeze = await needs.policies.frozen(org);
  if (!freeze) throw new Fault('Conflict', 'Nothing is frozen');
  const person = (await needs.people.list(org)).find(({ id }) => id === freeze.by);
  const { approval } = await ask(
    {
      ...{ org, requester, type: 'policy.unfreeze', party: [requester], auth: via },
      id: approvalId(org, requester, `unfreeze\n${randomBytes(16).toString('hex')}`),
      payload: {
        since: freeze.at,
        frozen_by: person?.email ?? freeze.by,
        frozen_because: freeze.reason,
        reason,
      },
    },
    needs,
  );
  return { status: 201, body: proposalView(approval) };
}

export const handler = http(Env, async (env) =>
  freezeRoutes({ ...askingFrom(env), principalOf: await principalsFrom(env) }),
);
