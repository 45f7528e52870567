import type { Facts } from '../actions/facts.ts';
import { actionType } from '../actions/registry.ts';
import { canonical, hashOf } from '../canonical.ts';
import { Fault } from '../fault.ts';
import { parse } from '../parse.ts';
import type { People } from '../people/ports.ts';
import { evaluate } from '../policy/evaluate.ts';
import type { Asking, Judgement } from '../policy/judgement.ts';
import type { Budgets, Policies } from '../policy/ports.ts';
import type { Clock, Notices } from '../ports.ts';
import type { Approval, Approver, Risk } from './approval.ts';
import { eligible, present, type Staff, staffOf } from './people.ts';
import { type Approvals, TOLD_AT_ONCE } from './ports.ts';
import { proposed } from './question.ts';
import { requests } from './request.ts';
import { waysFor } from './stands.ts';
import type { Step } from './step.ts';
import { summarise } from './summary.ts';

/** Something that somebody wants done, before policy has judged it. */
export interface Wish {
  org: string;
  id: string;
  type: string;
  payload: unknown;
  /** Principal that proposes: `agent:lead`, `key:…`, or a person. */
  requester: string;
  /** People who had a part in asking: they do not decide, unless policy lets them decide for themselves. */
  party: readonly string[];
  auth: 'agent' | 'key' | 'session';
  /** Addresses that the group `project-approvers` stands for. */
  projectApprovers?: readonly string[] | undefined;
  runId?: string | undefined;
  ticketId?: string | undefined;
  claim?: string | undefined;
  /** Only ever raises the risk. */
  declaredRisk?: Risk | undefined;
  /** Only ever shortens the time. */
  ttlSeconds?: number | undefined;
  requestHash?: string | undefined;
}

export interface AskNeeds {
  approvals: Approvals;
  people: Pick<People, 'list' | 'delegations'>;
  policies: Pick<Policies, 'active'>;
  budgets: Budgets;
  notices: Notices;
  clock: Clock;
  /** What the server measures about a payload; what it cannot measure is left out. */
  measure(org: string, type: string, payload: unknown): Promise<Facts>;
  /** 32 hex digits, fresh at each call. */
  salt(): string;
}

export interface Asked {
  approval: Approval;
  payload: string;
}

const TRIES = 5;
/** Rule of the platform by which a question is denied that could never pass. */
export const TOO_FEW = 'platform.too_few_people';
/** Rule by which more people are asked from the start. */
const AWAY = 'platform.too_few_are_here';
/** Stands where nobody is in conflict: never anybody's name. */
const NOBODY = 'nobody';
const MIN_TTL = 60;

/**
 * The one door for everything that may need people: judges a wish by policy, stores the question with its first ledger
 * entry and a notice to whoever is to decide. Called again with the same id, it finds its question. Throws `Invalid` for a payload that is not of its type, `Conflict` for another request under the same id.
 */
export async function ask(wish: Wish, needs: AskNeeds): Promise<Asked> {
  const stored = await needs.approvals.find(wish.org, wish.id);
  return stored ? again(stored, wish, needs) : anew(wish, needs);
}

async function again(approval: Approval, wish: Wish, { approvals }: AskNeeds): Promise<Asked> {
  if (approval.requestHash !== wish.requestHash)
    throw new Fault('Conflict', 'This Idempotency-Key was used for another request; make a new one');
  const payload = await approvals.payload(approval.org, approval.id, approval.revision);
  if (!payload) throw new Fault('NotFound', `The payload of ${approval.id} is gone`);
  return { approval, payload };
}

/** Judged again when a budget was used by somebody else meanwhile. */
async function anew(wish: Wish, needs: AskNeeds, tries = TRIES): Promise<Asked> {
  const { step, payload, uses, notices } = await draft(wish, needs);
  try {
    const approval = await needs.approvals.propose(step, payload, { uses, notices });
    for (const notice of notices.slice(TOLD_AT_ONCE)) await needs.notices.post(notice);
    return { approval, payload };
  } catch (error) {
    if (tries <= 1 || !(error instanceof Fault) || error.code !== 'Unavailable') throw error;
    return anew(wish, needs, tries - 1);
  }
}

async function draft(wish: Wish, needs: AskNeeds) {
  const { org, type } = wish;
  const now = needs.clock.now();
  const known = actionType(type);
  const content = known ? parse(known.payload, wish.payload) : wish.payload;
  const [active, staff, facts] = await Promise.all([
    needs.policies.active(org),
    staffOf(org, needs.people, now),
    needs.measure(org, type, content),
  ]);
  const budgets = await needs.budgets.spent(org, active.policy.budgets, now);
  const { declaredRisk } = wish;
  const people = staff.everybody.length;
  const judgement = evaluate(active, { type, facts, spent: budgets.spent, declaredRisk, people });
  const payload = canonical(content);
  const step = question(wish, { judgement, staff, facts, payload, salt: needs.salt() });
  const isAsked = step.next.status === 'PENDING';
  const notices = isAsked ? requests(step.next, payload, present(step.next, staff)) : [];
  return { step, payload, notices, uses: step.next.mode === 'auto' ? budgets.using(facts) : [] };
}

interface Judged {
  judgement: Judgement;
  staff: Staff;
  facts: Facts;
  payload: string;
  salt: string;
}

function question(wish: Wish, { judgement, staff, facts, payload, salt }: Judged): Step {
  const { org, id, type, requester, runId, ticketId, claim, requestHash } = wish;
  const { risk, policyHash, approval: terms, modifiable } = judgement;
  const who = whoDecides(wish, judgement, staff);
  return proposed(
    {
      requesterName: nameFor(wish, staff),
      ...{ org, id, type, requester, runId, ticketId, claim, requestHash, risk, policyHash, modifiable },
      ...{ facts, mode: who.mode, over: who.over, rule: who.rule, revision: 1, payloadHash: hashOf(payload) },
      headline: summarise(type, payload).headline,
      auths: waysFor(risk, terms),
      conflicts: who.conflicts,
      approvers: who.approvers,
      groups: terms?.groups ?? [],
      quorum: terms?.quorum ?? 1,
      reminders: terms?.remindSeconds ?? [],
      escalations: (terms?.escalate ?? []).map(({ afterSeconds: after, groups }) => ({ after, groups })),
      hours: terms?.hours ?? 'always',
      requestedAt: staff.now.toISOString(),
      expiresAt: new Date(staff.now.getTime() + secondsFor(wish, terms) * 1000).toISOString(),
      salt,
    },
    wish.auth,
  );
}

/** Who asks, in words: an address where it is a person, and whose agent it is where it is a key. */
function nameFor({ requester, party }: Wish, { everybody }: Staff): string {
  const addressOf = (id: string) => everybody.find((person) => person.id === id)?.email;
  const [owner = ''] = party;
  if (requester.startsWith('key:')) return `An agent of ${addressOf(owner) ?? owner}`;
  return addressOf(requester) ?? requester;
}

interface Deciders {
  mode: Approval['mode'];
  rule: string;
  over: Approval['over'];
  approvers: Approver[];
  conflicts: string[];
}

/**
 * Where too few of those who are asked are here, those come in at once who would be asked later. Fewer people than must
 * agree is a no from the start: nobody waits for what can never pass.
 */
function whoDecides(
  { requester, party, projectApprovers, org, type }: Wish,
  judgement: Judgement,
  staff: Staff,
): Deciders {
  const { mode, risk, rules, over, approval: terms } = judgement;
  const conflicts = terms?.selfApproval ? [NOBODY] : [...new Set([requester, ...party])];
  const rule = rules.join(', ');
  if (!terms || mode === 'auto' || mode === 'deny') return { mode, rule, over, approvers: [], conflicts };
  const find = (groups: readonly string[]) =>
    eligible({ org, groups, conflicts, party, projectApprovers }, staff);
  const first = find(terms.groups);
  const here = present({ approvers: first, conflicts, type, risk }, staff);
  if (here.length >= terms.quorum) return { mode, rule, over, approvers: first, conflicts };
  const all = find([...terms.groups, ...terms.escalate.flatMap(({ groups }) => groups)]);
  const escalated = all.length > first.length ? `${rule}, ${AWAY}` : rule;
  if (all.length >= terms.quorum) return { mode, rule: escalated, over, approvers: all, conflicts };
  const missing = {
    fact: 'people who may decide',
    value: String(all.length),
    limit: `at least ${terms.quorum}`,
  };
  return {
    mode: 'deny',
    rule: `${rule}, ${TOO_FEW}`,
    over: [...over, missing],
    approvers: [],
    conflicts,
  };
}

function secondsFor({ ttlSeconds = Number.POSITIVE_INFINITY }: Wish, terms: Asking | undefined): number {
  return Math.max(MIN_TTL, Math.min(ttlSeconds, terms?.ttlSeconds ?? MIN_TTL));
}
