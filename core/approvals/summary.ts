import { oneLine } from '../visible.ts';
import type { Summary } from './approval.ts';
import { PlanPayload, summarisePlan } from './plan.ts';

/** Says in words what the bytes of a payload ask for. A type that is not known here has no words, and says so. */
export function summarise(type: string, text: string): Summary {
  const payload = JSON.parse(text);
  if (type === 'change_code') return summarisePlan(PlanPayload.parse(payload));
  const headline = `${oneLine(type)} (cannot be summarised: read the exact request)`;
  const effects = ['Whoever asked may do exactly what the request says, once.'];
  return { headline, subject: oneLine(type), facts: [], effects, claim: '' };
}
