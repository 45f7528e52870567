import { PlanPayload, summarisePlan } from '../../approvals/plan.ts';
import { action } from '../action.ts';

/** A diagnosed ticket's plan, carried out by an engineer as far as an open pull request. */
export const changeCode = action({
  type: 'change_code',
  payload: PlanPayload,
  facts: ['cost_usd', 'pii'],
  headline: (plan) => summarisePlan(plan).headline,
  prose: ({ diagnosis }) => [diagnosis.summary, ...diagnosis.plan],
  modifiable: {},
});
