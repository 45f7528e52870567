import { randomBytes } from 'node:crypto';
import { dynamoLinks } from '#adapters/dynamodb/approval-links.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoBudgets } from '#adapters/dynamodb/budgets.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoPolicies } from '#adapters/dynamodb/policies.ts';
import { approvalCodes, approvalTokens } from '#adapters/links.ts';
import { type Approval, approvalId, authsFor } from '#core/approvals/approval.ts';
import type { AskNeeds } from '#core/approvals/ask.ts';
import type { Vote } from '#core/approvals/decide.ts';
import type { PlanPayload } from '#core/approvals/plan.ts';
import { proposed, type Question } from '#core/approvals/question.ts';
import type { Step } from '#core/approvals/step.ts';
import { canonical, hashOf } from '#core/canonical.ts';
import { personId } from '#core/people/person.ts';
import type { Clock } from '#core/ports.ts';

export const ORG = 'acme';
export const ANNA = personId(ORG, 'anna@acme.example');
export const BEN = personId(ORG, 'ben@acme.example');
export const REPORTER = personId(ORG, 'rita@acme.example');
export const SECRET = 'a secret of at least thirty-two characters, for tests';
export const URL_ = 'https://approve.acme.example';

export const NOW = new Date('2026-11-21T10:00:00.000Z');

/** A clock that tests set. */
export function handClock(start = NOW): Clock & { set(moment: Date): void } {
  let now = start;
  return {
    now: () => now,
    set: (moment) => {
      now = moment;
    },
  };
}

export function payload(change: Partial<PlanPayload> = {}): PlanPayload {
  return {
    type: 'change_code',
    ticket: {
      id: 'tk_0123456789abcdef',
      source: 'jira',
      externalId: 'ETL-142',
      type: 'bug',
      priority: 'high',
      reporter: 'Rita',
      title: 'Orders missing',
      body: 'Since Monday a third of the orders is missing.',
    },
    repository: { fullName: 'acme/tap-orders', base: 'main' },
    diagnosis: {
      rootCause: 'code_error',
      confidence: 0.9,
      summary: 'Pagination stops early.',
      evidence: [{ id: 'log:1-3', what: 'the job log', excerpt: 'page 2: 0 records' }],
      plan: ['Follow next_cursor until it is absent'],
      files: ['tap_orders/client.py'],
    },
    cost: { spentNanoUsd: 12_000_000, budgetNanoUsd: 5_000_000_000 },
    ...change,
  };
}

let count = 0;

/** A question of its own run, not yet stored. */
export function question(change: Partial<Question> = {}): { step: Step; text: string } {
  count += 1;
  const runId = `run_0_${count}_${randomBytes(4).toString('hex')}`;
  const text = canonical(payload());
  const step = proposed({
    org: ORG,
    id: approvalId(ORG, runId, 'plan'),
    type: 'change_code',
    headline: 'Change code in acme/tap-orders for ETL-142',
    ticketId: 'tk_0123456789abcdef',
    runId,
    mode: 'require_approval',
    risk: 'medium',
    auths: authsFor('medium'),
    rule: 'change_code',
    policyHash: hashOf('policy'),
    revision: 1,
    payloadHash: hashOf(text),
    requester: 'agent:lead',
    conflicts: ['agent:lead', REPORTER],
    approvers: [
      { id: ANNA, email: 'anna@acme.example' },
      { id: BEN, email: 'ben@acme.example' },
    ],
    quorum: 1,
    requestedAt: NOW.toISOString(),
    expiresAt: new Date(NOW.getTime() + 3_600_000).toISOString(),
    salt: randomBytes(16).toString('hex'),
    ...change,
  });
  return { step, text };
}

export function vote(approval: Approval, change: Partial<Vote> = {}): Vote {
  return {
    id: `dec_${randomBytes(13).toString('hex')}`,
    verdict: 'approve',
    by: ANNA,
    channel: 'web',
    auth: 'session',
    reason: '',
    revision: approval.revision,
    payloadHash: approval.payloadHash,
    ...change,
  };
}

export const approvals = dynamoApprovals({
  approvals: 'Approvals',
  links: 'ApprovalLinks',
  ledger: 'Ledger',
  people: 'People',
  notices: 'Notices',
});
export const links = dynamoLinks('ApprovalLinks');

/** Stores a question, and a link for Anna as if it had been mailed. */
export async function asked(clock: Clock, change: Partial<Question> = {}) {
  const { step, text } = question(change);
  const approval = await approvals.propose(step, text);
  const tokens = approvalTokens(SECRET, clock);
  const link = await tokens.link({
    org: ORG,
    approvalId: approval.id,
    approver: ANNA,
    revision: 1,
    round: 0,
    payloadHash: approval.payloadHash,
    issuedAt: approval.requestedAt,
    expiresAt: approval.expiresAt,
  });
  const { expiresAt } = approval;
  await links.issue({
    org: ORG,
    hash: link.hash,
    approvalId: approval.id,
    revision: 1,
    approver: ANNA,
    round: 0,
    expiresAt,
  });
  return { approval, tokens, code: approvalCodes(SECRET).codeFor(ORG, link.hash), ...link };
}

/** What putting something before policy takes, on the tables of a test's own AWS; payloads have the facts given. */
export function asking(clock: Clock, facts: Record<string, unknown> = {}): AskNeeds {
  return {
    approvals,
    clock,
    people: dynamoPeople('People'),
    policies: dynamoPolicies('Policies'),
    budgets: dynamoBudgets('Approvals'),
    notices: dynamoNotices('Notices'),
    measure: async () => facts,
    salt: () => 'ab'.repeat(16),
  };
}
