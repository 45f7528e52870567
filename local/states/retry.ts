import type { Retrier, State } from './definition.ts';
import type { Failure, Scope } from './scope.ts';

const UNCATCHABLE = ['States.Runtime', 'States.DataLimitExceeded'];

/** Whether a rule's ErrorEquals names this failure. A missed heartbeat goes by both of its names. */
export function matches(errorEquals: readonly string[], { error, heartbeat }: Failure): boolean {
  return errorEquals.some((name) => {
    if (name === error) return true;
    if (name === 'States.ALL') return !UNCATCHABLE.includes(error ?? '');
    if (name === 'States.TaskFailed') return error !== 'States.Timeout' && !UNCATCHABLE.includes(error ?? '');
    return name === 'States.HeartbeatTimeout' && heartbeat === true;
  });
}

/** The delay in milliseconds before the next attempt, counted in the scope; undefined when there is none left. */
export function delayBeforeRetry(state: State, scope: Scope, failure: Failure): number | undefined {
  const retriers = state.Retry ?? [];
  const index = retriers.findIndex((retrier) => matches(retrier.ErrorEquals, failure));
  const retrier = retriers[index];
  const tried = scope.tries[index] ?? 0;
  if (!retrier || tried >= (retrier.MaxAttempts ?? 3)) return undefined;
  scope.tries = retriers.map((_, one) => (scope.tries[one] ?? 0) + (one === index ? 1 : 0));
  scope.attempt += 1;
  return delay(retrier, tried) * 1000;
}

function delay(retrier: Retrier, tried: number): number {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Number.POSITIVE_INFINITY } = retrier;
  const seconds = Math.min(IntervalSeconds * BackoffRate ** tried, MaxDelaySeconds);
  return retrier.JitterStrategy === 'FULL' ? Math.random() * seconds : seconds;
}
