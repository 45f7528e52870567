import { type FactName, isAmount, isFact, level, PII_LEVELS } from '../actions/facts.ts';
import { ACTION_TYPES } from '../actions/registry.ts';
import { asks, error, rank, reference, unknownAction, unknownFact, when } from './findings.ts';
import { covers, type Policy, type Rule } from './policy.ts';
import type { Finding, Path } from './problem.ts';

/** What is wrong with one rule of a policy. */
export function ruleFindings(policy: Policy, rule: Rule, path: Path): Finding[] {
  const { id, mode, risk } = rule;
  const isTwice = policy.rules.findIndex((one) => one.id === id) !== path[1];
  const isRash = mode === 'auto' && risk === 'high';
  return [
    ...when(isTwice, error([...path, 'id'], `${id} is there twice`)),
    ...when(isRash, error([...path, 'mode'], 'nothing of high risk is automatic; ask, or lower the risk')),
    ...overFindings(rule, path),
    ...approvalFindings(policy, rule, path),
    ...kindFindings(rule, path),
  ];
}

function overFindings({ mode, limits, over_limit }: Rule, path: Path): Finding[] {
  const isLimited = Object.keys(limits).length > 0;
  const missing = error([...path, 'limits'], 'need over_limit: what happens beyond them');
  if (!over_limit) return when(isLimited, missing);
  const at = [...path, 'over_limit'];
  return [
    ...when(!isLimited, error(at, 'needs limits')),
    ...when(rank(over_limit) <= rank(mode), error(at, `is not stricter than ${mode}`)),
  ];
}

const KEYS = ['approval', 'over_approval'] as const;

/** Whoever must be asked is named, and whoever is named can be asked. */
function approvalFindings(policy: Policy, rule: Rule, path: Path): Finding[] {
  const { mode, over_limit, over_approval, risk } = rule;
  const beyond = over_approval ? ('over_approval' as const) : ('approval' as const);
  const uses = [
    ...(asks(mode) ? [{ key: 'approval' as const, mode }] : []),
    ...(over_limit && asks(over_limit) ? [{ key: beyond, mode: over_limit }] : []),
  ];
  const unused = KEYS.filter((key) => rule[key] && !uses.some((use) => use.key === key));
  return [
    ...uses.flatMap(({ key, mode }) => {
      const approval = rule[key];
      if (approval) return reference(policy, [...path, key], { approval, mode, risk });
      return [error(path, `${mode} needs ${key}: who is asked`)];
    }),
    ...unused.map((key) => error([...path, key], 'is never asked; leave it out')),
  ];
}

/** What the rule's kinds of action do not have. */
function kindFindings({ action, limits, modifiable }: Rule, path: Path): Finding[] {
  const types = ACTION_TYPES.filter(({ type }) => covers(action, type));
  if (types.length === 0) {
    const unmeasured = Object.keys(limits).filter((fact) => !isFact(fact));
    const facts = unmeasured.map((fact) => unknownFact(fact, [...path, 'limits', fact]));
    return [unknownAction(action, [...path, 'action']), ...facts];
  }
  const lacks = (what: string) => `${types.map(({ type }) => type).join(', ')} has no ${what}`;
  const fixed = [...modifiable.entries()].filter(
    ([, field]) => !types.some((type) => Object.hasOwn(type.modifiable, field)),
  );
  return [
    ...Object.entries(limits).flatMap(([fact, limit]) => {
      const place = [...path, 'limits', fact];
      if (!isFact(fact)) return [unknownFact(fact, place)];
      const isLimit = level(fact, limit) !== undefined;
      const isMeasured = types.some(({ facts }) => facts.includes(fact));
      return [
        ...when(!isLimit, error(place, `${limit} is no limit of it: ${valuesOf(fact)}`)),
        ...when(!isMeasured, { ...error(place, lacks(`${fact}, so it would always be over`)), isKey: true }),
      ];
    }),
    ...fixed.map(([at, field]) =>
      error([...path, 'modifiable', at], lacks(`field ${field} that can be modified`)),
    ),
  ];
}

function valuesOf(fact: FactName): string {
  if (fact === 'pii') return PII_LEVELS.join(', ');
  return isAmount(fact) ? 'a number, 0 or more' : 'true or false';
}
