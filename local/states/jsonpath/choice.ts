import type { Choice } from '../definition.ts';
import type { Environment } from '../expression.ts';
import { lookUp, runtime } from './template.ts';

/** Whether a rule holds. Values of another type than the comparison's are simply not equal, less or greater. */
export function isTrue(rule: Choice, environment: Environment): boolean {
  if (rule.And) return rule.And.every((one) => isTrue(one, environment));
  if (rule.Or) return rule.Or.some((one) => isTrue(one, environment));
  if (rule.Not) return !isTrue(rule.Not, environment);
  const operator = operatorOf(rule);
  const found = lookUp(rule.Variable as string, environment);
  if (operator === 'IsPresent') return (found !== undefined) === rule.IsPresent;
  if (found === undefined)
    throw runtime(
      `Invalid path '${rule.Variable}': The choice state's condition path references an invalid value.`,
    );
  const test = tests[operator];
  if (test) return test(found) === rule[operator];
  if (operator === 'StringMatches') return matches(found, rule.StringMatches as string);
  const other = operator.endsWith('Path') ? lookUp(rule[operator] as string, environment) : rule[operator];
  const [, kind = '', relation = ''] = COMPARISON.exec(operator) ?? [];
  return compares(found, other, { kind, relation });
}

const COMPARISON =
  /^(String|Numeric|Boolean|Timestamp)(Equals|LessThan|GreaterThan|LessThanEquals|GreaterThanEquals)(?:Path)?$/;

const tests: Record<string, (value: unknown) => boolean> = {
  IsNull: (value) => value === null,
  IsNumeric: (value) => typeof value === 'number',
  IsString: (value) => typeof value === 'string',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: (value) => timeOf(value) !== undefined,
};

const STRUCTURE = ['Variable', 'And', 'Or', 'Not', 'Next', 'Comment', 'Assign', 'Output'];

function operatorOf(rule: Choice): string {
  return Object.keys(rule).find((name) => !STRUCTURE.includes(name)) ?? '';
}

/** What is no comparison of this language, in a rule or in those inside it; undefined when all are known. */
export function unknownOperator(rule: Choice): string | undefined {
  const inner = [...(rule.And ?? []), ...(rule.Or ?? []), ...(rule.Not ? [rule.Not] : [])];
  if (inner.length > 0) return inner.map(unknownOperator).find(Boolean);
  const name = operatorOf(rule);
  const isKnown = name in tests || ['IsPresent', 'StringMatches'].includes(name) || COMPARISON.test(name);
  return isKnown ? undefined : name || 'no comparison';
}

function compares(
  one: unknown,
  other: unknown,
  { kind, relation }: { kind: string; relation: string },
): boolean {
  const [left, right] = kind === 'Timestamp' ? [timeOf(one), timeOf(other)] : [one, other];
  const type = kind === 'Numeric' || kind === 'Timestamp' ? 'number' : kind.toLowerCase();
  if (typeof left !== type || typeof right !== type) return false;
  if (left === right) return relation.endsWith('Equals');
  if (relation === 'Equals') return false;
  return (left as number) < (right as number) === relation.startsWith('LessThan');
}

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !TIMESTAMP.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

/** `*` stands for any characters, `\*` for itself. */
function matches(value: unknown, pattern: string): boolean {
  if (typeof value !== 'string') return false;
  const source = pattern.replace(/\\([*\\])|(\*)|[.+?^${}()|[\]]/g, (all, escaped, star) =>
    star ? '[\\s\\S]*' : `\\${escaped ?? all}`,
  );
  return new RegExp(`^${source}$`).test(value);
}
