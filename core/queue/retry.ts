import type { Failure } from '../tickets/ticket.ts';

type Kind = Failure['kind'];

/** Faults that whoever asked must see to; trying again changes nothing. */
const USER = [
  ...['Invalid', 'Unauthorized', 'Forbidden', 'NotFound', 'Conflict', 'Gone', 'TooLarge', 'OverBudget'],
];
const SERVICE = ['Unavailable', 'TooMany'];
const TRANSIENT =
  /^(Lambda\.|Sandbox\.Timedout$|TaskStopped$|TaskCrashed$|States\.(HeartbeatTimeout|Timeout)$|E[Cc][Ss]\.)/;

/** Runs in all, and seconds: the longest wait before the second, doubled each time, up to the most. */
const AGAIN: Partial<Record<Kind, { runs: number; base: number; most: number }>> = {
  transient: { runs: 4, base: 30, most: 600 },
  service: { runs: 8, base: 300, most: 7_200 },
};

/** Whose failure it is, by the name that the state machine caught: what passes by itself, a service that is down, what a person must change, or a defect of ours. */
export function kindOf(error: string): Kind {
  if (USER.includes(error)) return 'user';
  if (SERVICE.includes(error)) return 'service';
  return TRANSIENT.test(error) ? 'transient' : 'defect';
}

/**
 * What follows from a failed run: tried again after a wait with full jitter (`random` from 0 to 1) that doubles with each
 * failure, or a dead letter, which has no `retryAt`. The same run fails once, however often it is said. The machine's own steps have tried several times within it before.
 */
export function failureOf(
  { error, runId }: Pick<Failure, 'error' | 'runId'>,
  before: Failure | undefined,
  { now, random }: { now: Date; random: number },
): Failure {
  if (before?.runId === runId) return before;
  const kind = kindOf(error);
  const attempts = (before?.attempts ?? 0) + 1;
  const failure = { kind, error, runId, attempts, at: now.toISOString() };
  const again = AGAIN[kind];
  if (!again || attempts >= again.runs) return failure;
  const seconds = random * Math.min(again.most, again.base * 2 ** (attempts - 1));
  return { ...failure, retryAt: new Date(now.getTime() + seconds * 1_000).toISOString() };
}
