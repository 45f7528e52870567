import { actionType } from '../actions/registry.ts';
import { oneLine } from '../visible.ts';
import type { Summary } from './approval.ts';
import { PlanPayload, summarisePlan } from './plan.ts';

/** Says in words what the bytes of a payload ask for. A type that is not known here has no words, and says so. */
export function summarise(type: string, text: string): Summary {
  const payload = JSON.parse(text);
  if (type === 'change_code') return summarisePlan(PlanPayload.parse(payload));
  const known = actionType(type);
  const headline =
    known?.headline(payload) ?? `${oneLine(type)} (cannot be summarised: read the exact request)`;
  const effects = ['Whoever asked may do exactly what the request says, once.'];
  const facts = known ? fields(payload) : [];
  const texts = known ? longTexts(payload) : [];
  return { headline, subject: known ? headline : oneLine(type), facts, texts, effects, claim: '' };
}

/** Longer texts are shown apart. */
const SHORT = 300;

/** The payload's own short fields, in full. */
function fields(payload: object): Summary['facts'] {
  return Object.entries(payload).flatMap(([name, value]) => {
    const text = oneLine(Array.isArray(value) ? value.join(', ') : String(value));
    return text.length > 0 && text.length <= SHORT ? [{ name, value: text }] : [];
  });
}

function longTexts(payload: object): { name: string; text: string }[] {
  return Object.entries(payload).flatMap(([name, text]) =>
    typeof text === 'string' && (text.length > SHORT || text.includes('\n')) ? [{ name, text }] : [],
  );
}
