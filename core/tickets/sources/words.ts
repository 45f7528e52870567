import type { Priority, TicketType } from '../ticket.ts';

const TYPES: Record<string, TicketType> = {
  bug: 'bug',
  defect: 'bug',
  fault: 'bug',
  regression: 'bug',
  feature: 'feature',
  'feature request': 'feature',
  'new feature': 'feature',
  story: 'feature',
  'user story': 'feature',
  enhancement: 'enhancement',
  improvement: 'enhancement',
  question: 'question',
  support: 'question',
  'service request': 'question',
  task: 'task',
  chore: 'task',
  subtask: 'task',
  'sub-task': 'task',
  'new integration': 'new_integration',
  'schema drift': 'schema_drift',
  incident: 'incident',
  outage: 'incident',
};

const PRIORITIES: Record<string, Priority> = {
  critical: 'critical',
  blocker: 'critical',
  highest: 'critical',
  urgent: 'critical',
  p0: 'critical',
  p1: 'critical',
  high: 'high',
  major: 'high',
  p2: 'high',
  medium: 'medium',
  normal: 'medium',
  p3: 'medium',
  low: 'low',
  lowest: 'low',
  minor: 'low',
  trivial: 'low',
  p4: 'low',
};

/** What a source's own word for a kind of work means here; `kind/bug`, `type: Bug` and `new_integration` are understood. */
export function typeNamed(words: readonly (string | undefined)[]): TicketType | undefined {
  return named(TYPES, words);
}

/** What a source's own word for a priority means here: `Highest`, `P1`, `priority/high`. */
export function priorityNamed(words: readonly (string | undefined)[]): Priority | undefined {
  return named(PRIORITIES, words);
}

function named<T>(meanings: Record<string, T>, words: readonly (string | undefined)[]): T | undefined {
  const plain = words.map((word = '') =>
    word.toLowerCase().split(/[:/]/).at(-1)?.replaceAll('_', ' ').trim(),
  );
  const known = plain.find((word) => word && Object.hasOwn(meanings, word));
  return known ? meanings[known] : undefined;
}
