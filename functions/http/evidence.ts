import * as z from 'zod';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoPolicies } from '#adapters/dynamodb/policies.ts';
import { dynamoSequence } from '#adapters/dynamodb/sequence.ts';
import { dynamoTrees } from '#adapters/dynamodb/trees.ts';
import { APPROVAL_ID } from '#core/approvals/approval.ts';
import { Fault } from '#core/fault.ts';
import { type EvidenceNeeds, evidenceOf } from '#core/ledger/evidence.ts';
import { allow } from '#core/people/principal.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({
  APPROVALS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  POLICIES_TABLE: z.string(),
  SEQUENCE_TABLE: z.string(),
});
export type Env = z.infer<typeof Env>;

/** GET /v1/actions/{id}/evidence: all that proves an action's story to somebody who believes nothing but a public key. */
export function evidence({ principalOf, ...needs }: EvidenceNeeds & { principalOf: PrincipalOf }): Route {
  return async (request) => {
    const principal = await principalOf(request);
    allow(principal, 'viewer', 'approvals:read');
    const id = request.params.id ?? '';
    if (!APPROVAL_ID.test(id)) throw new Fault('NotFound', 'There is no such action');
    return { status: 200, body: await evidenceOf(principal.org, id, needs) };
  };
}

export const handler = http(Env, async (env) =>
  evidence({
    approvals: dynamoApprovals({ approvals: env.APPROVALS_TABLE, ledger: env.LEDGER_TABLE }),
    sequence: dynamoSequence(env.SEQUENCE_TABLE),
    trees: dynamoTrees(env.SEQUENCE_TABLE),
    policies: dynamoPolicies(env.POLICIES_TABLE),
    principalOf: await principalsFrom(env),
  }),
);
