import { PlanPayload } from '../approvals/plan.ts';
import type { FactProvider, Proposed } from './measure.ts';
import { IntegrationPayload, RefundPayload } from './types/business.ts';

/** What a run has spent on models so far, as the platform counted it. */
export interface Spending {
  nanoUsd(org: string, runId: string): Promise<number | undefined>;
}

type Price = (action: Proposed, spending: Spending) => Promise<number | undefined> | number | undefined;

const NANO = 1e9;

/** What each kind of action can cost at most, in dollars; nothing where nobody knows. */
const PRICES: Record<string, Price> = {
  change_code: ({ payload }) => PlanPayload.parse(payload).cost.budgetNanoUsd / NANO,
  'integration.create': ({ payload }) => IntegrationPayload.parse(payload).budgetNanoUsd / NANO,
  'billing.refund': ({ payload }) => refunded(payload),
  'repo.open_pr': async ({ org, runId }, spending) => {
    const spent = runId ? await spending.nanoUsd(org, runId) : undefined;
    return spent === undefined ? undefined : spent / NANO;
  },
};

/** `cost_usd`, from the platform's own figures. */
export function costProvider(spending: Spending): FactProvider {
  return {
    provides: ['cost_usd'],
    measure: async (action) => ({ cost_usd: await PRICES[action.type]?.(action, spending) }),
  };
}

/** Only dollars are dollars: other currencies have no rate here, so they are not measured. */
function refunded(payload: unknown): number | undefined {
  const { amount, currency } = RefundPayload.parse(payload);
  return currency === 'USD' ? amount / 100 : undefined;
}
