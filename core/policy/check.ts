import { FACT_NAMES, isAmount, isFact } from '../actions/facts.ts';
import { actionType } from '../actions/registry.ts';
import { ruleFindings } from './check-rule.ts';
import { asks, error, rank, reference, unknownAction, unknownFact, warning, when } from './findings.ts';
import { floor } from './floor.ts';
import { type Budget, covers, type Example, type Policy, type Rule, type Terms } from './policy.ts';
import { type Finding, meant, type Path } from './problem.ts';

/** Everything about a policy that is well formed and still cannot be meant, or should be looked at. */
export function checkPolicy(policy: Policy): Finding[] {
  const { approvals, rules, budgets, tests, domains } = policy;
  return [
    ...reference(policy, ['default', 'approval'], { ...policy.default, mode: 'require_approval' }),
    ...Object.entries(approvals).flatMap(([name, terms]) => termsFindings(terms, ['approvals', name])),
    ...rules.flatMap((rule, at) => ruleFindings(policy, rule, ['rules', at])),
    ...rules.flatMap((rule, at) => shadowed(policy, rule, ['rules', at])),
    ...budgets.flatMap((budget, at) => budgetFindings(policy, budget, ['budgets', at])),
    ...tests.flatMap((example, at) => exampleFindings(policy, example, ['tests', at])),
    ...looserThanDefault(policy),
    ...when(
      domains.length > 0,
      warning(['domains'], `mail to everybody at ${domains.join(', ')} is not external`),
    ),
  ];
}

function termsFindings({ self_approval, quorum, ttl, remind, escalate }: Terms, path: Path): Finding[] {
  const late = 'comes not after the one before, or not before the ttl ends';
  const escalations = escalate.map(({ after }) => after);
  return [
    ...when(
      self_approval && quorum > 1,
      error([...path, 'self_approval'], 'contradicts a quorum of more than one'),
    ),
    ...misplaced(remind, ttl).map((at) => error([...path, 'remind', at], late)),
    ...misplaced(escalations, ttl).map((at) => error([...path, 'escalate', at, 'after'], late)),
  ];
}

/** Where a row of moments does not rise, or goes beyond the end. */
function misplaced(moments: number[], end: number): number[] {
  return moments.flatMap((moment, at) => (moment > (moments[at - 1] ?? 0) && moment < end ? [] : [at]));
}

function budgetFindings(policy: Policy, { metric, over, approval }: Budget, path: Path): Finding[] {
  const known = meant(metric, FACT_NAMES.filter(isAmount));
  const name = approval ?? policy.default.approval;
  return [
    ...when(!isAmount(metric), error([...path, 'metric'], `${metric} cannot be added up${known}`)),
    ...(asks(over)
      ? reference(policy, [...path, 'approval'], { approval: name, mode: over, risk: 'low' })
      : []),
  ];
}

/** Examples of what nobody measures or proposes would pass by accident. */
function exampleFindings({ rules }: Policy, { action, facts }: Example, path: Path): Finding[] {
  const isKnown = actionType(action) || rules.some((rule) => covers(rule.action, action));
  const unmeasured = Object.keys(facts).filter((fact) => !isFact(fact));
  return [
    ...(isKnown ? [] : [unknownAction(action, [...path, 'action'])]),
    ...unmeasured.map((fact) => unknownFact(fact, [...path, 'facts', fact])),
  ];
}

/** Rules that can change nothing: another, or the platform, is stricter about everything that they cover. */
function shadowed({ rules }: Policy, rule: Rule, path: Path): Finding[] {
  const strictest = Math.max(rank(rule.mode), rank(rule.over_limit ?? rule.mode));
  const other = rules.find((one) => covers(one.action, rule.action) && rank(one.mode) > strictest);
  if (other) return [warning(path, `never decides: ${other.id} is always stricter`)];
  const standing = floor(3).find(({ action, mode }) => action === rule.action && rank(mode) > strictest);
  return standing ? [warning(path, `never decides: the platform's ${standing.id} is always stricter`)] : [];
}

function looserThanDefault({ rules, default: { mode } }: Policy): Finding[] {
  const looser = rules.filter((rule) => rank(rule.mode) < rank(mode)).map(({ id }) => id);
  return when(
    looser.length > 0,
    warning(['rules'], `looser than the default, ${mode}: ${looser.join(', ')}`),
  );
}
