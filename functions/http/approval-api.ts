import * as z from 'zod';
import { APPROVAL_ID, type Approval, Verdict } from '#core/approvals/approval.ts';
import type { AskNeeds } from '#core/approvals/ask.ts';
import type { Vote } from '#core/approvals/decide.ts';
import { modification } from '#core/approvals/modify.ts';
import { castVote } from '#core/approvals/stands.ts';
import { approvalView, decidedBy, knowing } from '#core/approvals/view.ts';
import { Fault } from '#core/fault.ts';
import { parseExactJson } from '#core/parse.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import { AskEnv, askingFrom } from '../asking.ts';
import { decisionId, REFUSED } from '../decisions.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { placeOf } from '../looker.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend(AskEnv.shape);
export type Env = z.infer<typeof Env>;

interface Needs extends AskNeeds {
  principalOf: PrincipalOf;
}

const Body = z
  .strictObject({
    decision: z.enum([...Verdict.options, 'modify']),
    revision: z.int().positive(),
    payload_hash: z.string(),
    reason: z.string().trim().max(2_000).default(''),
    /** New values by JSON pointer, of the fields that policy lets approvers change. */
    patch: z.record(z.string().max(200), z.unknown()).optional(),
  })
  .refine(({ decision, reason }) => decision !== 'decline' || reason !== '', {
    path: ['reason'],
    message: 'Say why you decline',
  })
  .refine(({ decision, patch }) => (decision === 'modify') === (patch !== undefined), {
    path: ['patch'],
    message: 'Send it with modify, and with nothing else',
  });

/** GET /v1/approvals/{id} and POST /v1/approvals/{id}/decision, for people who are signed in and for API keys. */
export function approvalApi(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    const isPost = request.event.requestContext.http.method === 'POST';
    return isPost ? decide(request, principal, needs) : read(request, principal, needs);
  };
}

async function read(request: Request, principal: Principal, { approvals, people }: Needs): Promise<Reply> {
  allow(principal, 'viewer', 'approvals:read');
  const id = idOf(request);
  const approval = (await approvals.find(principal.org, id)) ?? missing();
  const text = await approvals.payload(principal.org, id, approval.revision);
  return {
    status: 200,
    body: approvalView(approval, text && JSON.parse(text), await people.list(principal.org)),
  };
}

async function decide(request: Request, principal: Principal, needs: Needs): Promise<Reply> {
  allow(principal, 'viewer', 'approvals:decide');
  const { approvals, people, clock } = needs;
  const id = idOf(request);
  const now = clock.now();
  const approval = (await approvals.find(principal.org, id)) ?? missing();
  const { decision, revision, payload_hash, reason, patch } = parseExactJson(Body, request.text);
  const vote: Vote = {
    id: decisionId(),
    verdict: decision === 'decline' ? 'decline' : 'approve',
    by: principal.id,
    ...(await placeOf(approval, principal.id, { people, now })),
    channel: principal.via === 'key' ? 'api' : 'web',
    auth: principal.via,
    reason,
    revision,
    payloadHash: payload_hash,
  };
  const change = patch && ((current: Approval) => modification(current, { vote, changes: patch }, needs));
  const { approval: after, refusal } = await castVote({ org: principal.org, id, vote, change }, needs);
  const everybody = await people.list(principal.org);
  if (refusal) return { status: REFUSED[refusal.error], body: named(refusal, knowing(after, everybody)) };
  return { status: after.status === 'PENDING' ? 202 : 200, body: approvalView(after, undefined, everybody) };
}

function named<T extends { by?: string | undefined }>(refusal: T, approval: Approval): T {
  return refusal.by ? { ...refusal, by: decidedBy(approval) } : refusal;
}

function idOf({ params }: Request): string {
  return APPROVAL_ID.test(params.id ?? '') ? (params.id as string) : missing();
}

function missing(): never {
  throw new Fault('NotFound', 'There is no such approval');
}

export const handler = http(Env, async (env) =>
  approvalApi({ ...askingFrom(env), principalOf: await principalsFrom(env) }),
);
