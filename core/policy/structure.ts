import type * as z from 'zod';
import { Budget, Escalation, Example, Policy, Rule, Terms } from './policy.ts';
import { type Finding, meant, type Path } from './problem.ts';

/** What is wrong with a document's form, each at its place, with what was probably meant. */
export function formFindings({ issues }: z.ZodError, document: unknown): Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path as Path;
    const found = (message: string): Finding => ({ severity: 'error', path, message });
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        ...found(`is not known here${meant(key, keysAt(path))}`),
        path: [...path, key],
        isKey: true,
      }));
    const value = valueAt(document, path);
    if (value === undefined) return found('is missing');
    if (issue.code === 'invalid_value')
      return found(`${said(value)} is not known${meant(String(value), issue.values.map(String))}`);
    if (issue.code === 'invalid_key')
      return { ...found(issue.issues[0]?.message ?? 'is no name'), isKey: true };
    return found(issue.message);
  });
}

/** The keys that a part of a policy may have; names and indexes stand at every second place. */
const KEYS: Record<string, object> = {
  '': Policy.shape,
  default: Policy.shape.default.shape,
  'approvals.*': Terms.shape,
  'approvals.*.escalate.*': Escalation.shape,
  'rules.*': Rule.shape,
  'budgets.*': Budget.shape,
  'tests.*': Example.shape,
};

function keysAt(path: Path): string[] {
  return Object.keys(KEYS[path.map((step, at) => (at % 2 ? '*' : step)).join('.')] ?? {});
}

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, step) => (part as Record<string | number, unknown> | undefined)?.[step],
    document,
  );
}

function said(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, 60)}"` : String(value);
}
