import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { approvalId } from '#core/approvals/approval.ts';
import { type AskNeeds, ask } from '#core/approvals/ask.ts';
import { parseExactJson } from '#core/parse.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import { pastActions } from '#core/policy/past.ts';
import type { Policies } from '#core/policy/ports.ts';
import { policyPayload, REPLAY_DAYS } from '#core/policy/update.ts';
import { writtenPolicy } from '#core/policy/written.ts';
import { AskEnv, askingFrom } from '../asking.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';
import { proposalView } from './propose-action.ts';

export const Env = PrincipalEnv.extend(AskEnv.shape);
export type Env = z.infer<typeof Env>;

interface Needs extends AskNeeds {
  policies: Policies;
  principalOf: PrincipalOf;
}

const Body = z.strictObject({
  /** The file, as written: YAML. */
  text: z.string().min(1).max(65_536),
});

/** GET /v1/policy shows the policy that holds; POST /v1/policy asks for another, which is itself an action that people approve. */
export function policyRoutes(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    const isPost = request.event.requestContext.http.method === 'POST';
    return isPost ? propose(principal, request, needs) : show(principal, needs);
  };
}

async function show(principal: Principal, { policies }: Needs): Promise<Reply> {
  allow(principal, 'viewer', 'approvals:read');
  const { version, hash, document, text } = await policies.stored(principal.org);
  return { status: 200, body: { version, hash, text: text || writtenPolicy(document) } };
}

async function propose(principal: Principal, { text: sent }: Request, needs: Needs): Promise<Reply> {
  allow(principal, 'admin');
  const { org, id: requester } = principal;
  const { text } = parseExactJson(Body, sent);
  const now = needs.clock.now();
  const [active, people, past] = await Promise.all([
    needs.policies.active(org),
    needs.people.list(org),
    pastActions(org, new Date(now.getTime() - REPLAY_DAYS * 86_400_000), needs),
  ]);
  const payload = policyPayload(text, { org, active, people, past });
  const { approval } = await ask(
    {
      ...{ org, requester, payload, type: 'policy.update', party: [requester], auth: principal.via },
      id: approvalId(org, requester, `policy\n${randomBytes(16).toString('hex')}`),
    },
    needs,
  );
  return {
    status: 201,
    body: {
      ...proposalView(approval),
      replayed: payload.replayed,
      looser: payload.looser,
      warnings: payload.warnings,
    },
  };
}

export const handler = http(Env, async (env) =>
  policyRoutes({ ...askingFrom(env), principalOf: await principalsFrom(env) }),
);
