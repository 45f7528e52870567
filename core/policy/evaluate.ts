import { type Facts, isWithin, level } from '../actions/facts.ts';
import { actionType } from '../actions/registry.ts';
import type { Mode, Risk } from '../approvals/approval.ts';
import { floor } from './floor.ts';
import {
  type Asking,
  distinctOver,
  type Exceeded,
  type Judgement,
  MODES,
  type Opinion,
  RISKS,
  strictest,
} from './judgement.ts';
import {
  type ActivePolicy,
  type Budget,
  budgetKey,
  covers,
  type Policy,
  type Rule,
  type Terms,
} from './policy.ts';

/** An action as it is judged: by its kind and by what was measured, never by what its agent says of it. */
export interface Measured {
  type: string;
  facts: Facts;
  /** Used up of each budget within its window, this action left out, by `budgetKey`. */
  spent: Readonly<Record<string, number>>;
  /** What the agent thinks of the risk; it only ever raises it. */
  declaredRisk?: Risk | undefined;
  /** People in the organization, for the rules of the platform that need others to decide. */
  people: number;
}

/** What a policy and the platform's floor say about an action; the strictest of all that match holds. */
export function evaluate({ policy, version, hash, frozenAt }: ActivePolicy, action: Measured): Judgement {
  const matching = policy.rules.filter((rule) => covers(rule.action, action.type));
  const rules = matching.map((rule) => byRule(rule, policy, action));
  const opinions = [
    ...(rules.length > 0 ? rules : [byDefault(policy)]),
    ...overBudget(policy, action),
    ...byPlatform(policy, action),
    ...(frozenAt ? [byFreeze(policy)] : []),
  ].map((one) => ({ ...one, risk: riskier(one.risk, action.declaredRisk) }));
  const judged = strictest(opinions);
  const over = distinctOver([...judged.over, ...exceeded(matching, action.facts)]);
  const allowed = actionType(action.type)?.modifiable ?? {};
  const modifiable = judged.modifiable.filter((path) => Object.hasOwn(allowed, path));
  return { ...judged, over, modifiable, policyVersion: version, policyHash: hash };
}

function byDefault({ default: { mode, risk, approval }, approvals }: Policy): Opinion {
  return opinion({ rules: ['default'], mode, risk }, approvals[approval]);
}

function byFreeze({ default: { approval }, approvals }: Policy): Opinion {
  return opinion({ rules: ['platform.freeze'], mode: 'require_approval', risk: 'low' }, approvals[approval]);
}

/** What a rule says about an action. Going over a limit never makes it looser. */
function byRule(
  rule: Rule,
  { approvals, default: { approval: otherwise } }: Policy,
  { facts, declaredRisk }: Measured,
): Opinion {
  const { mode, over_limit = 'deny', approval = otherwise, over_approval = approval, modifiable } = rule;
  const says = { rules: [rule.id], risk: riskier(rule.risk, declaredRisk) };
  const isRash = mode === 'auto' && says.risk === 'high';
  const within = isRash
    ? opinion({ ...says, mode: 'require_approval' }, approvals[otherwise])
    : opinion({ ...says, mode }, approvals[approval]);
  if (!isOver(rule, facts)) return { ...within, modifiable };
  const beyond = opinion({ ...says, mode: over_limit }, approvals[over_approval]);
  const both = beyond.mode === within.mode ? strictest([within, beyond]) : stricterMode(within, beyond);
  return { ...both, modifiable };
}

function stricterMode(one: Opinion, other: Opinion): Opinion {
  return MODES.indexOf(one.mode) > MODES.indexOf(other.mode) ? one : other;
}

/** Whether the facts are over any limit of a rule. */
export function isOver({ limits }: Rule, facts: Facts): boolean {
  return Object.entries(limits).some(([fact, limit]) => !isWithin(fact, { value: own(facts, fact), limit }));
}

/** The limits of some rules that the facts are over. */
function exceeded(rules: readonly Rule[], facts: Facts): Exceeded[] {
  const limits = new Map<string, Set<unknown>>();
  for (const rule of rules)
    for (const [fact, limit] of Object.entries(rule.limits))
      limits.set(fact, (limits.get(fact) ?? new Set()).add(limit));
  return [...limits].flatMap(([fact, all]) => {
    const value = own(facts, fact);
    return [...all]
      .filter((limit) => !isWithin(fact, { value, limit }))
      .map((limit) => inWords(fact, value, limit));
  });
}

/** Every budget that this action would go beyond. One that is not known is. */
function overBudget(policy: Policy, { type, facts, spent }: Measured): Opinion[] {
  const provides = actionType(type)?.facts;
  return policy.budgets
    .filter(({ metric }) => !provides || provides.some((name) => name === metric))
    .flatMap((budget) => {
      const key = budgetKey(budget);
      const sum =
        (level(budget.metric, own(facts, budget.metric)) ?? Number.NaN) + (own(spent, key) ?? Number.NaN);
      if (sum <= budget.limit) return [];
      return [{ ...budgetOpinion(budget, policy), over: [inWords(key, sum, budget.limit)] }];
    });
}

function budgetOpinion(budget: Budget, { approvals, default: { approval } }: Policy): Opinion {
  const rules = [`budget.${budgetKey(budget)}`];
  return opinion({ rules, mode: budget.over, risk: 'low' }, approvals[budget.approval ?? approval]);
}

function byPlatform(policy: Policy, { type, people }: Measured): Opinion[] {
  const standing = floor(people)
    .filter(({ action }) => action === type)
    .map(({ id, mode, risk, approval }) => opinion({ rules: [id], mode, risk }, approval));
  if (actionType(type)) return standing;
  const unknown = { rules: ['platform.unknown_action'], mode: 'require_approval', risk: 'high' } as const;
  return [
    ...standing,
    opinion({ ...unknown, rules: [...unknown.rules] }, policy.approvals[policy.default.approval]),
  ];
}

/** What an agent thinks of the risk only ever raises it. */
function riskier(risk: Risk, declared: Risk = 'low'): Risk {
  return RISKS.indexOf(declared) > RISKS.indexOf(risk) ? declared : risk;
}

/** Nobody to ask is a no. */
function opinion(
  { rules, mode, risk }: { rules: string[]; mode: Mode; risk: Risk },
  terms: Terms | undefined,
): Opinion {
  const said = { rules, risk, over: [], modifiable: [] };
  if (mode === 'auto' || mode === 'deny') return { ...said, mode };
  if (!terms) return { ...said, mode: 'deny' };
  return { ...said, mode, approval: asking(terms, mode) };
}

function asking(terms: Terms, mode: Mode): Asking {
  const { groups, quorum, channels, step_up: stepUp = 'none', remind, hours } = terms;
  return {
    ...{ groups, quorum, channels, stepUp, hours },
    selfApproval: mode === 'ask' && terms.self_approval,
    ttlSeconds: terms.ttl,
    remindSeconds: remind,
    escalate: terms.escalate.map(({ after, groups }) => ({ afterSeconds: after, groups })),
  };
}

function inWords(fact: string, value: unknown, limit: unknown): Exceeded {
  return {
    fact,
    value: value === undefined || Number.isNaN(value) ? 'unknown' : String(value),
    limit: String(limit),
  };
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
