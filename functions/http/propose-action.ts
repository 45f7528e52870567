import { createHash } from 'node:crypto';
import * as z from 'zod';
import { APPROVAL_ID, type Approval, approvalId, Risk } from '#core/approvals/approval.ts';
import { type AskNeeds, ask } from '#core/approvals/ask.ts';
import { ended } from '#core/approvals/decide.ts';
import { Fault } from '#core/fault.ts';
import { parse, parseExactJson } from '#core/parse.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import { AskEnv, askingFrom } from '../asking.ts';
import { http, type Request, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend(AskEnv.shape);
export type Env = z.infer<typeof Env>;

interface Needs extends AskNeeds {
  principalOf: PrincipalOf;
}

const Key = z.string({ error: 'Idempotency-Key: send one of 16 to 128 characters' }).min(16).max(128);

const Body = z.strictObject({
  type: z
    .string()
    .regex(/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/, 'is like slack.post_message')
    .max(100),
  payload: z.record(z.string(), z.unknown()),
  reason: z.string().max(2_000).optional(),
  declared_risk: Risk.optional(),
  ttl_s: z.int().min(60).optional(),
  /** A request of one's own that nobody has decided and that this one takes the place of. */
  supersedes: z.string().regex(APPROVAL_ID).optional(),
});

/** Bytes of a request: what is approved is shown whole on a page, and kept whole beside its approval. */
const MAX_REQUEST = 256 * 1024;

/** POST /v1/actions/propose: judged by policy, and put before people where it says so. */
export function proposeAction(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'lead', 'actions:propose');
    if (request.raw.length > MAX_REQUEST)
      throw new Fault('TooLarge', `The request has ${request.raw.length} bytes; the limit is ${MAX_REQUEST}`);
    const body = parseExactJson(Body, request.text);
    refuseOwnDoors(body.type);
    if (body.supersedes) await supersede(body.supersedes, principal, needs);
    const { approval } = await ask(
      {
        org: principal.org,
        ...identity(principal, request),
        type: body.type,
        payload: body.payload,
        party: [principal.id],
        claim: body.reason,
        declaredRisk: body.declared_risk,
        ttlSeconds: body.ttl_s,
      },
      needs,
    );
    return { status: 201, body: proposalView(approval) };
  };
}

/** Ends the earlier request first: two that wait for the same thing would be worse than none. Done already is done. */
async function supersede(id: string, principal: Principal, needs: Needs, tries = 5): Promise<void> {
  const { approvals, clock } = needs;
  const by = principalName(principal);
  const earlier = await approvals.find(principal.org, id);
  if (earlier?.requester !== by) throw new Fault('NotFound', 'supersedes: you have no such request');
  if (earlier.status === 'SUPERSEDED') return;
  if (earlier.status !== 'PENDING')
    throw new Fault('Conflict', `supersedes: it is ${earlier.status.toLowerCase()} already`);
  if (await approvals.take(earlier, ended(earlier, 'SUPERSEDED', clock.now().toISOString(), by))) return;
  if (tries <= 1) throw new Fault('Unavailable', 'supersedes: it keeps changing; send it again');
  return supersede(id, principal, needs, tries - 1);
}

/** Kinds of action that have a door of their own, where their payload is made. */
function refuseOwnDoors(type: string): void {
  if (type === 'change_code')
    throw new Fault('Invalid', 'type: change_code is proposed by the run of a ticket; file a ticket instead');
  if (type === 'policy.update')
    throw new Fault('Invalid', 'type: a policy is proposed by POST /v1/policy, which checks and replays it');
  if (type === 'policy.unfreeze')
    throw new Fault('Invalid', 'type: the end of a freeze is proposed by DELETE /v1/freeze');
}

/** The same principal with the same key asks the same thing: its id follows from both. */
function identity(principal: Principal, { headers, raw }: Request) {
  const key = parse(Key, headers['idempotency-key']);
  const requester = principalName(principal);
  const requestHash = createHash('sha256').update(raw).digest('hex');
  const id = approvalId(principal.org, requester, `request\n${key}`);
  return { id, requester, requestHash, auth: principal.via };
}

/** Who asks, in the ledger's words: a key stands for an agent, and its owner had a part in what it asks. */
export function principalName(principal: Principal): string {
  return principal.via === 'key' ? `key:${principal.keyId}` : principal.id;
}

/** A new question as the API answers it. */
export function proposalView(approval: Approval) {
  const { requestedAt, expiresAt } = approval;
  return {
    action_id: approval.id,
    status: approval.status,
    mode: approval.mode,
    risk: approval.risk,
    ttl: (Date.parse(expiresAt) - Date.parse(requestedAt)) / 1000,
    expires_at: expiresAt,
    revision: approval.revision,
    payload_hash: approval.payloadHash,
    policy: { hash: approval.policyHash, rule: approval.rule, over: approval.over },
  };
}

export const handler = http(Env, async (env) =>
  proposeAction({ ...askingFrom(env), principalOf: await principalsFrom(env) }),
);
