import fc from 'fast-check';
import { FACT_NAMES, type FactName } from '#core/actions/facts.ts';
import type { Measured } from '#core/policy/evaluate.ts';
import { type ActivePolicy, activePolicy, type PolicyDocument } from '#core/policy/policy.ts';

const MODES = ['auto', 'ask', 'require_approval', 'deny'] as const;
const RAISED = ['ask', 'require_approval', 'deny'] as const;
const RISKS = ['low', 'medium', 'high'] as const;
const APPROVALS = ['a', 'b', 'c', 'd'];
const GROUPS = ['finance', 'eng-leads', 'requesters', 'everyone'];

const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined, freq: 2 });
const groups = fc.subarray(GROUPS, { minLength: 1 });
const minutes = fc.integer({ min: 1, max: 600 }).map((count) => `${count}m`);

const terms = fc.record({
  groups,
  quorum: fc.integer({ min: 1, max: 4 }),
  self_approval: fc.boolean(),
  channels: fc.subarray(['slack', 'email', 'web'] as const, { minLength: 1 }),
  ...{ step_up: maybe(fc.constantFrom('reauth', 'passkey')), ttl: minutes },
  remind: fc.array(minutes, { maxLength: 2 }),
  escalate: fc.array(fc.record({ after: minutes, groups }), { maxLength: 2 }),
});

const KINDS = ['email.send', 'slack.post_message', 'policy.update', 'crm.delete'];
const kinds = fc.constantFrom(...KINDS);
const globs = fc.constantFrom(...KINDS, 'crm.*', 'email.*', 'slack.*');

/** A limit that most values are within, and values that are none: what a broken provider may say. */
const LIMITS = [50, true, 'masked', 5, false, 'none'];
const limits = fc.dictionary(
  fc.constantFrom(...FACT_NAMES, 'moon_phase', 'constructor'),
  fc.constantFrom(...LIMITS),
  { maxKeys: 2 },
);
const values: Record<FactName, unknown[]> = {
  ...{
    cost_usd: [0, 1, 5, 51],
    files_changed: [0],
    lines_changed: [0],
    recipients: [1, 6],
    external_recipients: [0],
  },
  ...{ channel_members: [3, 2000], external: [true, false], pii: ['none', 'masked', 'raw'] },
};
const facts = fc.record(
  Object.fromEntries(
    FACT_NAMES.map((name) => [name, fc.constantFrom(...values[name], Number.NaN, -1, '5', null)]),
  ),
  { requiredKeys: [] },
);

export const rules = fc.record({
  ...{ action: globs, risk: fc.constantFrom(...RISKS), mode: fc.constantFrom(...MODES) },
  ...{
    approval: maybe(fc.constantFrom(...APPROVALS)),
    limits,
    over_limit: maybe(fc.constantFrom(...RAISED)),
  },
  over_approval: maybe(fc.constantFrom(...APPROVALS)),
  modifiable: fc.subarray(['/subject', '/body', '/to', '/amount']),
});

const budgets = fc.record({
  metric: fc.constantFrom('cost_usd', 'recipients', 'pii'),
  window: fc.constantFrom('24h', '60m', '90s'),
  limit: fc.constantFrom(0, 5, 50),
  over: fc.constantFrom(...RAISED),
});

/** Any policy that parses, sensible or not: what holds for these holds for those that are accepted. */
export const documents: fc.Arbitrary<PolicyDocument> = fc
  .record({
    default: fc.record({
      mode: fc.constantFrom('require_approval' as const, 'deny' as const),
      ...{ risk: fc.constantFrom(...RISKS), approval: fc.constantFrom(...APPROVALS, 'gone') },
    }),
    approvals: fc.tuple(terms, terms, terms, terms).map(([a, b, c, d]) => ({ a, b, c, d })),
    rules: fc.array(rules, { minLength: 1, maxLength: 8 }),
    budgets: fc.array(budgets, { maxLength: 2 }),
  })
  .map(({ rules, ...rest }) => ({
    ...{ version: 1, tenant: 'acme', ...rest },
    rules: rules.map((rule, at) => ({ id: `r${at}`, ...rule })),
  }));

export const actions: fc.Arbitrary<Measured> = fc.record({
  type: kinds,
  facts,
  spent: fc.dictionary(
    fc.constantFrom('cost_usd_24h', 'recipients_1h', 'cost_usd_90s'),
    fc.constantFrom(0, 4, 49),
  ),
  declaredRisk: maybe(fc.constantFrom(...RISKS)),
  people: fc.constantFrom(1, 2, 3, 50),
});

export function active(document: PolicyDocument): ActivePolicy {
  return activePolicy(document, 1);
}

/** An action of which nothing is wrong; the rest by what a test says. */
export function measured(action: Partial<Measured> & { type: string }): Measured {
  return { facts: {}, spent: {}, people: 10, ...action };
}
