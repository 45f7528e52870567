import { PlanPayload, summarisePlan } from '../../approvals/plan.ts';
import { askedFor } from '../../runs/review.ts';
import { action } from '../action.ts';

/** A diagnosed ticket's plan, carried out by an engineer as far as an open pull request. */
export const changeCode = action({
  type: 'change_code',
  payload: PlanPayload,
  facts: ['cost_usd', 'pii'],
  headline: (plan) => summarisePlan(plan).headline,
  prose: ({ diagnosis, review = [] }) => [diagnosis.summary, ...diagnosis.plan, ...askedFor(review)],
  modifiable: {},
});
