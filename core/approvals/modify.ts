import type { Facts } from '../actions/facts.ts';
import { modification as changed } from '../actions/modification.ts';
import { canonical, hashOf } from '../canonical.ts';
import { Fault } from '../fault.ts';
import type { Notice } from '../notice.ts';
import { evaluate } from '../policy/evaluate.ts';
import type { Judgement } from '../policy/judgement.ts';
import type { Approval } from './approval.ts';
import type { AskNeeds } from './ask.ts';
import { decided, type Vote } from './decide.ts';
import type { Changes } from './fields.ts';
import { eligible, present, type Staff, staffOf } from './people.ts';
import type { Modification } from './ports.ts';
import { requests } from './request.ts';
import { asksForMore, waysFor } from './stands.ts';
import { type Step, step } from './step.ts';
import { summarise } from './summary.ts';

type Needs = Pick<AskNeeds, 'approvals' | 'people' | 'policies' | 'budgets' | 'measure' | 'clock'>;

/**
 * The request as somebody who was asked would have it. A change that only narrows it is their vote for it; any other
 * is a new request, about which others decide. Throws `Invalid` for a field that may not be changed and for a value
 * that does not fit, `Conflict` when policy forbids the result or too few people would be left to decide.
 */
export async function modification(
  approval: Approval,
  { vote, changes }: { vote: Vote; changes: Changes },
  needs: Needs,
): Promise<Modification> {
  const { org, id, type, revision } = approval;
  const before = JSON.parse((await needs.approvals.payload(org, id, revision)) ?? '{}');
  const {
    payload: after,
    changed: paths,
    narrows,
  } = changed(type, {
    before,
    patch: changes,
    allowed: approval.modifiable,
  });
  if (paths.length === 0) throw new Fault('Invalid', 'Nothing is changed; approve it as it is');
  const payload = canonical(after);
  const staff = await staffOf(org, needs.people, needs.clock.now());
  // What cannot be measured here was measured when it was proposed, and will be again before it is done.
  const facts = { ...approval.facts, ...(await needs.measure(org, type, after)) };
  const judgement = await judged(approval, { facts, staff }, needs);
  const next = { payload, facts, judgement, staff };
  return narrows && !asksForMore(judgement, approval)
    ? accepted(approval, vote, next)
    : renewed(approval, vote, next);
}

interface Next {
  payload: string;
  facts: Facts;
  judgement: Judgement;
  staff: Staff;
}

async function judged(
  { org, type, risk }: Approval,
  { facts, staff }: Pick<Next, 'facts' | 'staff'>,
  { policies, budgets }: Needs,
): Promise<Judgement> {
  const active = await policies.active(org);
  const { spent } = await budgets.spent(org, active.policy.budgets, staff.now);
  const judgement = evaluate(active, {
    type,
    facts,
    spent,
    declaredRisk: risk,
    people: staff.everybody.length,
  });
  if (judgement.mode !== 'deny') return judgement;
  throw new Fault('Conflict', `The policy forbids this change: rule ${judgement.rules.join(', ')}`);
}

/** Votes so far were for other bytes: they are void, and the change is the first for the new ones. */
function accepted(approval: Approval, vote: Vote, next: Next): Modification {
  const at = next.staff.now.toISOString();
  const first = revised(approval, vote, next, {});
  const own = { ...vote, revision: first.next.revision, payloadHash: first.next.payloadHash };
  const last = decided(first.next, own, at);
  return { payload: next.payload, steps: [first, last], vote: own, notices: told(last.next, next) };
}

/** Whoever wrote it does not decide on it. */
function renewed(approval: Approval, vote: Vote, next: Next): Modification {
  const { judgement, staff } = next;
  const authors = [vote.by, ...(vote.onBehalfOf ? [vote.onBehalfOf] : [])];
  const conflicts = [...new Set([...approval.conflicts, ...authors])];
  const quorum = Math.max(approval.quorum, judgement.approval?.quorum ?? 1);
  const groups = judgement.approval?.groups ?? approval.groups;
  const here = approval.approvers.filter(({ id }) => !conflicts.includes(id));
  const more = eligible({ ...approval, groups, conflicts }, staff);
  const approvers = [...new Map([...here, ...more].map((one) => [one.id, one])).values()];
  if (approvers.length < quorum)
    throw new Fault(
      'Conflict',
      'Whoever changes a request does not decide on it, and too few others could; decline it and say what to change',
    );
  const { mode, risk, rules, over } = judgement;
  const ways = waysFor(risk, judgement.approval).filter((way) => approval.auths.includes(way));
  const auths = ways.length > 0 ? ways : (['passkey'] as const).slice();
  const terms = { mode, risk, auths, rule: rules.join(', '), over, conflicts, approvers, groups, quorum };
  const step = revised(approval, vote, next, terms);
  return { payload: next.payload, steps: [step], notices: told(step.next, next) };
}

/** Whoever has still to decide gets a link to the new request: those to the old one are worth nothing. */
function told(approval: Approval, { payload, staff }: Next): Notice[] {
  if (approval.status !== 'PENDING') return [];
  const to = present(approval, staff).filter(({ id }) => !approval.votes.some(({ by }) => by === id));
  return requests(approval, payload, to);
}

function revised(
  approval: Approval,
  { by, auth, onBehalfOf, channel }: Vote,
  next: Next,
  terms: Partial<Approval>,
): Step {
  const { payload, facts, judgement, staff } = next;
  const change = {
    ...terms,
    facts,
    policyHash: judgement.policyHash,
    revision: approval.revision + 1,
    payloadHash: hashOf(payload),
    headline: summarise(approval.type, payload).headline,
    votes: [],
  };
  const actor = { principal: by, auth, ...(onBehalfOf && { onBehalfOf }) };
  return step(
    { ...approval, ...change },
    {},
    { type: 'MODIFIED', at: staff.now.toISOString(), actor, channel, factsHash: hashOf(canonical(facts)) },
  );
}
