import type { Facts } from '../actions/facts.ts';
import { Fault } from '../fault.ts';
import type { People } from '../people/ports.ts';
import { evaluate } from '../policy/evaluate.ts';
import { type Asking, type Judgement, MODES, RISKS } from '../policy/judgement.ts';
import { budgetKey } from '../policy/policy.ts';
import type { Policies } from '../policy/ports.ts';
import type { Clock } from '../ports.ts';
import { type Approval, type Auth, authsFor, type Risk } from './approval.ts';
import { ended, type Refusal, type Vote } from './decide.ts';
import type { Approvals, Change, Outcome } from './ports.ts';

export interface StandNeeds {
  people: Pick<People, 'list'>;
  policies: Pick<Policies, 'active'>;
}

/**
 * Whether the policy of now asks for no more than an approval does: a looser one changes nothing, a stricter one makes
 * it worth nothing. Budgets were used when it was proposed, and are not counted twice.
 */
export async function stands(approval: Approval, facts: Facts, needs: StandNeeds): Promise<boolean> {
  const { org, type, policyHash } = approval;
  const active = await needs.policies.active(org);
  if (active.hash === policyHash && facts === approval.facts && !active.frozenAt) return true;
  const everybody = await needs.people.list(org);
  const spent = Object.fromEntries(active.policy.budgets.map((budget) => [budgetKey(budget), 0]));
  return !asksForMore(evaluate(active, { type, facts, spent, people: everybody.length }), approval);
}

/** Whether a judgement takes more than a request already does: a stricter mode, more people or others, a stronger proof. */
export function asksForMore({ mode, risk, approval: terms }: Judgement, asked: Approval): boolean {
  const isStricter =
    MODES.indexOf(mode) > MODES.indexOf(asked.mode) || RISKS.indexOf(risk) > RISKS.indexOf(asked.risk);
  if (isStricter || mode !== asked.mode || !terms) return isStricter;
  const groups = [...terms.groups, ...terms.escalate.flatMap((later) => later.groups)];
  const ways = waysFor(risk, terms);
  return (
    terms.quorum > asked.quorum ||
    asked.groups.some((group) => !groups.includes(group)) ||
    asked.auths.some((way) => !ways.includes(way))
  );
}

/** The ways of proving oneself that count: a link's code takes mail, a press in Slack takes Slack. */
export function waysFor(risk: Risk, terms: Asking | undefined): Auth[] {
  const channels = terms?.channels ?? ['web'];
  const passkey = terms !== undefined && terms.stepUp !== 'none';
  const ways = authsFor(risk, { slack: channels.includes('slack'), passkey });
  return ways.filter((way) => way !== 'code' || channels.includes('email'));
}

interface VoteNeeds extends StandNeeds {
  approvals: Pick<Approvals, 'find' | 'decide' | 'take'>;
  clock: Clock;
}

interface Cast {
  org: string;
  id: string;
  vote: Vote;
  change?: Change | undefined;
}

const TRIES = 5;

/** The one way in which people decide, through whatever door: a question that policy would ask otherwise now is withdrawn. */
export async function castVote(cast: Cast, needs: VoteNeeds, tries = TRIES): Promise<Outcome> {
  const { org, id, vote, change } = cast;
  const now = needs.clock.now();
  const approval = await needs.approvals.find(org, id);
  if (approval?.status === 'PENDING' && !(await stands(approval, approval.facts, needs))) {
    const end = ended(approval, 'INVALIDATED', now.toISOString());
    if (await needs.approvals.take(approval, end)) return { approval: end.next, refusal: INVALIDATED };
    if (tries > 1) return castVote(cast, needs, tries - 1);
    throw new Fault('Unavailable', 'The request keeps changing; look at it again');
  }
  if (
    approval?.status === 'PENDING' &&
    vote.linkHash &&
    vote.auth === 'code' &&
    (await isWithdrawn(approval, needs))
  )
    return { approval, refusal: WITHDRAWN };
  return needs.approvals.decide(org, id, vote, now, change);
}

/** Every link that was sent before a freeze is worth nothing by itself; whoever proves otherwise who they are may have come by it. */
async function isWithdrawn({ org, requestedAt }: Approval, { policies }: VoteNeeds): Promise<boolean> {
  const { frozenAt } = await policies.active(org);
  return frozenAt !== undefined && requestedAt <= frozenAt;
}

const WITHDRAWN: Refusal = {
  error: 'link_revoked',
  message: 'All links were withdrawn, because somebody has stopped everything; sign in to decide',
};

const INVALIDATED: Refusal = {
  error: 'invalidated',
  message:
    'The policy has become stricter since this was asked, so it is withdrawn; it must be proposed again',
};
