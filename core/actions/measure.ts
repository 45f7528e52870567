import type { FactName, Facts } from './facts.ts';
import { actionType } from './registry.ts';

/** An action whose facts are wanted, as it was proposed. */
export interface Proposed {
  org: string;
  type: string;
  payload: unknown;
  runId?: string | undefined;
}

/** Somebody who can measure facts. A fact that cannot be measured is left out, never guessed. */
export interface FactProvider {
  provides: readonly FactName[];
  measure(action: Proposed): Promise<Facts>;
}

export interface Measurement {
  facts: Facts;
  /** Providers that failed; what they would have measured is left out, and so over every limit. */
  failures: { provides: readonly FactName[]; error: unknown }[];
}

/** What the server can say about an action: the facts of its type, each by whoever provides it. */
export async function measure(action: Proposed, providers: readonly FactProvider[]): Promise<Measurement> {
  const wanted: readonly string[] = actionType(action.type)?.facts ?? [];
  const asked = providers.filter(({ provides }) => provides.some((name) => wanted.includes(name)));
  const answers = await Promise.allSettled(asked.map((one) => one.measure(action)));
  const facts = answers.flatMap((answer, at) => {
    if (answer.status === 'rejected') return [];
    const own: readonly string[] = asked[at]?.provides ?? [];
    return Object.entries(answer.value).filter(([name]) => own.includes(name) && wanted.includes(name));
  });
  const failures = answers.flatMap((answer, at) =>
    answer.status === 'rejected' ? [{ provides: asked[at]?.provides ?? [], error: answer.reason }] : [],
  );
  return { facts: Object.fromEntries(facts.filter(([, value]) => value !== undefined)), failures };
}
