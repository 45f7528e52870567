import * as z from 'zod';
import { dollars } from '../../money.ts';
import { oneLine } from '../../visible.ts';
import { action } from '../action.ts';
import { notMore, wordsOf } from '../narrows.ts';

export const RefundPayload = z.strictObject({
  charge: z.string().min(1).max(100),
  customer: z.string().min(1).max(200),
  /** In the currency's smallest unit: cents. */
  amount: z.int().positive(),
  currency: z.string().regex(/^[A-Z]{3}$/, 'is a code like USD'),
});

/** Paying a customer back. */
export const refund = action({
  type: 'billing.refund',
  payload: RefundPayload,
  facts: ['cost_usd'],
  headline: ({ amount, currency, customer, charge }) =>
    `Refund ${amount} of ${currency}'s smallest unit to ${oneLine(customer)} on charge ${oneLine(charge)}`,
  modifiable: { '/amount': notMore },
});

export const PolicyUpdatePayload = z.strictObject({
  /** The version it takes the place of: if another came meanwhile, it is not activated. */
  replaces: z.int().nonnegative(),
  hash: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** Actions of the last 30 days that both policies were asked about. */
  replayed: z.int().nonnegative(),
  /** How many of them each mode would have met, before and after. */
  before: z.string().max(200),
  after: z.string().max(200),
  /** Those that the new policy is looser about, and in what. */
  looser: z.array(z.string().max(300)).max(1_000),
  /** What was found in it that does not stand against it. */
  warnings: z.array(z.string().max(500)).max(100),
  /** The policy's file, as written. */
  text: z.string().max(65_536),
});

/** Putting another policy in the place of the active one. */
export const updatePolicy = action({
  type: 'policy.update',
  payload: PolicyUpdatePayload,
  facts: [],
  headline: ({ replaces, hash, looser, replayed }) =>
    `Replace version ${replaces} of the policy by ${hash.slice(0, 15)}, looser about ${looser.length} of ${replayed} actions of the last 30 days`,
  modifiable: {},
});

export const UnfreezePayload = z.strictObject({
  /** The freeze that is meant: not one that came after it. */
  since: z.iso.datetime(),
  frozen_by: z.string().max(200),
  frozen_because: z.string().max(2_000),
  reason: z.string().min(1).max(2_000),
});

/** Letting policy decide again after somebody had stopped everything. */
export const unfreeze = action({
  type: 'policy.unfreeze',
  payload: UnfreezePayload,
  facts: [],
  headline: ({ since, frozen_by }) =>
    `Let the policy decide again, which ${oneLine(frozen_by)} stopped on ${since.slice(0, 16).replace('T', ' ')} UTC`,
  modifiable: {},
});

export const IntegrationPayload = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,60}$/),
  kind: z.enum(['tap', 'target', 'etl', 'service']),
  system: z.string().min(1).max(100),
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'is owner/name'),
  /** What its building may cost at most, in nano-dollars. */
  budgetNanoUsd: z.int().positive(),
});

/** Building an integration that is not there yet. */
export const createIntegration = action({
  type: 'integration.create',
  payload: IntegrationPayload,
  facts: ['cost_usd'],
  headline: ({ name, kind, system, repository, budgetNanoUsd }) =>
    `Build the ${kind} ${name} for ${oneLine(system)} in ${repository}, for ${dollars(budgetNanoUsd)} at most`,
  modifiable: { '/budgetNanoUsd': notMore },
});

/** Closing a ticket where it came from. */
export const closeTicket = action({
  type: 'ticket.close',
  payload: z.strictObject({
    source: z.string().min(1).max(40),
    externalId: z.string().min(1).max(200),
    resolution: z.enum(['fixed', 'wont_fix', 'duplicate', 'answered']),
    comment: z.string().max(60_000).default(''),
  }),
  facts: ['pii'],
  headline: ({ source, externalId, resolution, comment }) =>
    `Close ${oneLine(externalId)} in ${oneLine(source)} as ${resolution.replace('_', ' ')}${comment ? ', with a comment' : ''}`,
  prose: ({ comment }) => [comment],
  modifiable: { '/comment': wordsOf },
});
