import type { Mode } from '../approvals/approval.ts';
import { evaluate, isOver } from './evaluate.ts';
import { error, when } from './findings.ts';
import { type ActivePolicy, covers, type Policy, unused } from './policy.ts';
import type { Finding } from './problem.ts';

/** What one of a policy's examples came to. */
export interface ExampleResult {
  name: string;
  passed: boolean;
  expected: Mode;
  actual: Mode;
  /** The rules that decided. */
  rules: string[];
}

/** Judges every example that a policy brings, in an organization that is large enough for every rule of the platform. */
export function runExamples(active: ActivePolicy): ExampleResult[] {
  const none = unused(active.policy);
  return active.policy.tests.map(({ name, action, facts, spent, expect }) => {
    const measured = { type: action, facts, spent: { ...none, ...spent }, people: 3 };
    const { mode, rules } = evaluate(active, measured);
    return { name, passed: mode === expect, expected: expect, actual: mode, rules };
  });
}

/** Examples that fail, and rules with limits that no example is within, or over. */
export function exampleFindings(active: ActivePolicy): Finding[] {
  const failed = runExamples(active).flatMap(({ passed, expected, actual, rules }, at): Finding[] => {
    const message = `expects ${expected}, but ${rules.join(', ')} says ${actual}`;
    return when(!passed, error(['tests', at, 'expect'], message));
  });
  return [...failed, ...active.policy.rules.flatMap((_, at) => untested(active.policy, at))];
}

function untested(policy: Policy, at: number): Finding[] {
  const rule = policy.rules[at] as Policy['rules'][number];
  if (Object.keys(rule.limits).length === 0) return [];
  const about = policy.tests.filter(({ action }) => covers(rule.action, action));
  const isTested = {
    within: about.some(({ facts }) => !isOver(rule, facts)),
    over: about.some(({ facts }) => isOver(rule, facts)),
  };
  return (['within', 'over'] as const)
    .filter((side) => !isTested[side])
    .map((side) => error(['rules', at, 'limits'], `no test is ${side} the limits of ${rule.id}; add one`));
}
