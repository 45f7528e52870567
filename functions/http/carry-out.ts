import { createHash } from 'node:crypto';
import * as z from 'zod';
import { APPROVAL_ID } from '#core/approvals/approval.ts';
import { isOurs } from '#core/approvals/ours.ts';
import { type RedeemNeeds, redeem, report } from '#core/approvals/redeem.ts';
import { approvalView } from '#core/approvals/view.ts';
import { Fault } from '#core/fault.ts';
import { parse, parseJson } from '#core/parse.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import { AskEnv, askingFrom } from '../asking.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';
import { principalName } from './propose-action.ts';

export const Env = PrincipalEnv.extend(AskEnv.shape);
export type Env = z.infer<typeof Env>;

interface Needs extends RedeemNeeds {
  principalOf: PrincipalOf;
}

const Key = z.string({ error: 'Idempotency-Key: send one of 16 to 128 characters' }).min(16).max(128);
const Result = z.strictObject({
  outcome: z.enum(['done', 'failed']),
  detail: z.string().max(2_000).default(''),
});

/**
 * POST /v1/actions/{id}/redemption hands over what was approved, once, to whoever proposed it; its `decision_id` is the
 * idempotency key for the system that is acted on. POST /v1/actions/{id}/result takes what came of it.
 */
export function carryOut(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'lead', 'actions:propose');
    const id = request.params.id ?? '';
    if (!APPROVAL_ID.test(id)) throw new Fault('NotFound', 'There is no such action');
    await refuseOurs(principal.org, id, needs);
    const isResult = request.event.rawPath.endsWith('/result');
    return isResult
      ? result(id, principal, { request, needs })
      : redemption(id, principal, { request, needs });
  };
}

async function refuseOurs(org: string, id: string, { approvals }: Needs): Promise<void> {
  const approval = await approvals.find(org, id);
  if (approval && isOurs(approval)) throw new Fault('Conflict', 'The platform carries this out itself');
}

interface With {
  request: Request;
  needs: Needs;
}

async function redemption(id: string, principal: Principal, { request, needs }: With): Promise<Reply> {
  const key = parse(Key, request.headers['idempotency-key']);
  const attempt = createHash('sha256').update(key).digest('hex');
  const claim = { org: principal.org, id, by: principalName(principal), attempt };
  const { approval, payload } = await redeem(claim, needs);
  return {
    status: 200,
    body: {
      action_id: id,
      decision_id: approval.decision?.id,
      status: approval.status,
      until: approval.lease?.until,
      payload_hash: approval.payloadHash,
      payload: JSON.parse(payload),
    },
  };
}

async function result(id: string, principal: Principal, { request, needs }: With): Promise<Reply> {
  const { outcome, detail } = parseJson(Result, request.text);
  const by = principalName(principal);
  const approval = await report({ org: principal.org, id, by, isDone: outcome === 'done', detail }, needs);
  return { status: 200, body: approvalView(approval) };
}

export const handler = http(Env, async (env) =>
  carryOut({ ...askingFrom(env), principalOf: await principalsFrom(env) }),
);
