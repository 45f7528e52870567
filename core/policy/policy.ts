import * as z from 'zod';
import { Mode, Risk } from '../approvals/approval.ts';
import { canonical, hashOf } from '../canonical.ts';
import { milliseconds } from '../duration.ts';

/** A length of time as people write it, `90s`, `4h`, `2h30m`; in seconds once parsed. */
const Duration = z
  .string()
  .regex(/^(\d{1,6}[smhd]){1,4}$/, 'is no length of time; write it like 90s, 30m, 2h30m or 3d')
  .transform((text) => milliseconds(text) / 1000);

const DAY = 24 * 3600;
const Ttl = Duration.pipe(
  z
    .number()
    .min(60, 'is at least 60s')
    .max(14 * DAY, 'is at most 14d'),
);

const Name = z.string().regex(/^[a-z0-9_-]{1,60}$/, 'takes small letters, digits, _ and -, at most 60');
const Group = z.string().regex(/^[a-z0-9-]{1,40}$/, 'takes small letters, digits and -, at most 40');
const Groups = z.array(Group).min(1).max(20);
const Pointer = z
  .string()
  .max(200)
  .regex(/^(\/[^/]+)+$/, 'is a JSON pointer like /subject');

/** One kind of action, `slack.post_message`, or a family of them, `slack.*`. */
const ActionGlob = z
  .string()
  .max(100)
  .regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?$/, 'is one action like slack.post_message, or slack.*');

/** Where people may decide. The page on the web is always among them: every message leads to it. */
export const AskedBy = z.enum(['slack', 'email', 'web']);
export type AskedBy = z.infer<typeof AskedBy>;

/** More people, once nobody decided for a while. */
export const Escalation = z.strictObject({ after: Duration, groups: Groups });

/** Who is asked, how, and for how long. Silence is a no: nothing here can say otherwise. */
export const Terms = z.strictObject({
  groups: Groups,
  quorum: z.int().min(1).max(10).default(1),
  self_approval: z.boolean().default(false),
  channels: z.array(AskedBy).min(1).max(3).default(['slack', 'email', 'web']),
  step_up: z.enum(['reauth', 'passkey']).optional(),
  ttl: Ttl,
  remind: z.array(Duration).max(10).default([]),
  escalate: z.array(Escalation).max(10).default([]),
  hours: z.enum(['business', 'always']).default('always'),
});
export type Terms = z.infer<typeof Terms>;

const Limit = z.union(
  [z.number(), z.boolean(), z.string().max(40)],
  'is no limit: a number, true or false, or a word',
);
const Raised = Mode.exclude(['auto']);

/** What one kind of action takes. A limit holds when the fact is at most the limit. */
export const Rule = z.strictObject({
  id: Name,
  action: ActionGlob,
  risk: Risk,
  mode: Mode,
  approval: Name.optional(),
  modifiable: z.array(Pointer).max(50).default([]),
  limits: z.record(z.string().max(60), Limit).default({}),
  over_limit: Raised.optional(),
  over_approval: Name.optional(),
});
export type Rule = z.infer<typeof Rule>;

/** How much of a fact all actions together may use up within a moving window. */
export const Budget = z.strictObject({
  metric: z.string().max(60),
  window: Duration.pipe(
    z
      .number()
      .min(60, 'is at least 60s')
      .max(31 * DAY, 'is at most 31d'),
  ),
  limit: z.number().min(0),
  over: Raised,
  approval: Name.optional(),
});
export type Budget = z.infer<typeof Budget>;

/** An example of what the policy must say; a policy whose examples fail is not accepted. */
export const Example = z.strictObject({
  name: z.string().min(1).max(200),
  action: z.string().min(1).max(100),
  facts: z.record(z.string().max(60), z.unknown()).default({}),
  /** Used up of each budget before, by its key: `cost_usd_24h`. Nothing unless said. */
  spent: z.record(z.string().max(100), z.number()).default({}),
  expect: Mode,
});
export type Example = z.infer<typeof Example>;

/** Who must agree to what, as a tenant writes it. Rules have no order: every one that matches counts. */
export const Policy = z.strictObject({
  version: z.literal(1),
  tenant: z.string().min(1).max(64),
  /** Domains whose mailboxes are the organization's own; an address elsewhere is external. */
  domains: z
    .array(z.string().regex(/^([a-z0-9-]+\.)+[a-z]{2,}$/, 'is a domain like acme.example'))
    .max(50)
    .default([]),
  default: z.strictObject({ mode: Mode.extract(['require_approval', 'deny']), risk: Risk, approval: Name }),
  approvals: z.record(Name, Terms),
  rules: z.array(Rule).max(200),
  budgets: z.array(Budget).max(20).default([]),
  tests: z.array(Example).max(500).default([]),
});
export type Policy = z.infer<typeof Policy>;

/** A policy as written, before defaults: what is stored, hashed and approved. */
export type PolicyDocument = z.input<typeof Policy>;

/** A policy with the name that decisions made under it carry. */
export interface ActivePolicy {
  policy: Policy;
  version: number;
  hash: string;
  /** Since when nothing happens without people, whatever the policy says. */
  frozenAt?: string | undefined;
}

/** A stored document made ready to judge by. Throws `ZodError` for what was never checked. */
export function activePolicy(document: PolicyDocument, version: number): ActivePolicy {
  return { policy: Policy.parse(document), version, hash: hashOf(canonical(document)) };
}

/** Whether a rule's or delegation's pattern covers a kind of action. */
export function covers(pattern: string, action: string): boolean {
  return pattern === action || (pattern.endsWith('.*') && action.startsWith(pattern.slice(0, -1)));
}

/** The name under which a budget's use is added up: `cost_usd_24h`, however the window was written. */
export function budgetKey({ metric, window }: Pick<Budget, 'metric' | 'window'>): string {
  const [unit, seconds] = (
    [
      ['h', 3600],
      ['m', 60],
      ['s', 1],
    ] as const
  ).find(([, size]) => window % size === 0) ?? ['s', 1];
  return `${metric}_${window / seconds}${unit}`;
}

/** Every budget of a policy, unused. */
export function unused({ budgets }: Policy): Record<string, number> {
  return Object.fromEntries(budgets.map((budget) => [budgetKey(budget), 0]));
}
