import type { Journal } from './journal.ts';

/** An event as it is kept: `details` under the name that the API gives it. */
export interface HistoryEvent {
  id: number;
  previousEventId: number;
  timestamp: number;
  type: string;
  [details: `${string}EventDetails`]: Record<string, unknown>;
}

/** JSON text as the history carries it, with the details member that AWS puts beside it. */
export function textOf(field: 'input' | 'output', value: unknown): Record<string, unknown> {
  return { [field]: JSON.stringify(value), [`${field}Details`]: { truncated: false } };
}

/** Appends an event at `now` in epoch milliseconds and answers its id. Events without details pass none. */
export function append(
  journal: Journal,
  now: number,
  event: { type: string; previous: number; details?: object },
): number {
  journal.execution.events += 1;
  const { type, previous, details } = event;
  journal.record({
    id: journal.execution.events,
    previousEventId: previous,
    timestamp: now / 1000,
    type,
    ...(details && { [detailsName(type)]: details }),
  });
  return journal.execution.events;
}

function detailsName(type: string): string {
  const state = /State(Entered|Exited)$/.exec(type);
  return `${state ? `state${state[1]}` : type.charAt(0).toLowerCase() + type.slice(1)}EventDetails`;
}

/** What `includeExecutionData: false` leaves out: inputs, outputs, causes stay out of the answer. */
export function withoutData(event: HistoryEvent): HistoryEvent {
  const bare = { ...event };
  for (const [key, value] of Object.entries(event)) {
    if (!key.endsWith('EventDetails')) continue;
    const {
      input,
      output,
      inputDetails,
      outputDetails,
      parameters,
      assignedVariables,
      assignedVariablesDetails,
      ...rest
    } = value as Record<string, unknown>;
    bare[key as `${string}EventDetails`] = rest;
  }
  return bare;
}
