import { AwsError } from '../aws/service.ts';
import type { Machine } from '../states/definition.ts';
import type { HistoryEvent } from '../states/history.ts';
import type { Execution } from '../states/rows.ts';
import { type Asked, type Inside, type Row, shortened, time } from './inside.ts';

/** A state of an execution's machine, and what became of it. */
export interface Place {
  name: string;
  type: string;
  /** `now` is where the execution stands; `failed` is also what was caught. */
  status: 'untouched' | 'done' | 'now' | 'failed';
  /** How often it was entered, and how often its task was tried again. */
  entered: number;
  retried: number;
}

export interface Edge {
  from: string;
  to: string;
  isCatch: boolean;
  isTaken: boolean;
}

export interface ExecutionView {
  arn: string;
  machine: string;
  status: string;
  started: string | null;
  stopped: string | null;
  input: unknown;
  output: unknown;
  error: string | null;
  cause: string | null;
  /** What it waits for now: timers and, in part, tokens. */
  waits: { state: string; until?: string | null; token?: string }[];
  start: string;
  places: Place[];
  edges: Edge[];
  history: { id: number; at: string | null; type: string; state: string; details?: unknown }[];
}

/** Executions of a machine, or of all, newest first. */
export function executions({ store }: Inside, { machine, status, limit }: Asked): Row[] {
  return store
    .sql(`SELECT name, status, machine, started, stopped, error, arn FROM states_executions
        WHERE instr(lower(machine), lower(?1)) > 0 AND (?2 = '' OR status = upper(?2)) ORDER BY seq DESC LIMIT ?3`)
    .all(machine, status, limit)
    .map((row) => ({
      ...row,
      machine: String(row.machine).split(':').at(-1),
      started: time(row.started),
      stopped: time(row.stopped),
    }));
}

/** An execution with its machine as a graph; a name is enough where it is the only one. */
export function executionView({ store }: Inside, id: string): ExecutionView {
  const { sql } = store;
  const execution = found(store, id);
  const text = sql('SELECT text FROM states_definitions WHERE id = ?').get(execution.definition)?.text;
  const machine = JSON.parse(String(text)) as Machine;
  const events = sql('SELECT events FROM states_history WHERE execution = ? ORDER BY first')
    .all(execution.arn)
    .flatMap((row) => JSON.parse(String(row.events)) as HistoryEvent[]);
  const taken = takenBy(events);
  return {
    arn: execution.arn,
    machine: execution.machine.split(':').at(-1) as string,
    status: execution.status,
    started: time(execution.started),
    stopped: time(execution.stopped),
    input: JSON.parse(execution.input),
    output: execution.output && JSON.parse(execution.output),
    error: execution.error,
    cause: execution.cause,
    waits: waitsOf(store, execution.arn),
    start: machine.StartAt,
    places: statesIn(machine).map(([name, { Type }]) =>
      place(name, Type, { events, isRunning: execution.status === 'RUNNING' }),
    ),
    edges: edgesIn(machine).map((edge) => ({ ...edge, isTaken: taken.has(`${edge.from}\n${edge.to}`) })),
    history: events.map(described),
  };
}

function found({ sql }: Inside['store'], id: string): Execution {
  const rows = sql('SELECT * FROM states_executions WHERE arn = ?1 OR name = ?1').all(id);
  if (rows.length === 0) throw new AwsError('NotFound', `There is no execution ${id}`, 404);
  if (rows.length === 1) return rows[0] as unknown as Execution;
  const arns = rows.map(({ arn }) => arn).join(' and ');
  throw new AwsError('Ambiguous', `${id} means ${arns}: name one`, 400);
}

type Named = [string, Machine['States'][string]];

/** States of a machine and of those inside it; inner ones have names of their own in our machines. */
function statesIn({ States }: Machine): Named[] {
  return Object.entries(States).flatMap(([name, state]): Named[] => [
    [name, state],
    ...innerOf(state).flatMap(statesIn),
  ]);
}

function innerOf({ ItemProcessor, Iterator, Branches }: Machine['States'][string]): Machine[] {
  return [ItemProcessor ?? Iterator, ...(Branches ?? [])].filter((one) => one !== undefined);
}

function edgesIn(machine: Machine): Omit<Edge, 'isTaken'>[] {
  return statesIn(machine).flatMap(([from, state]) => {
    const ways = [state.Next, state.Default, ...(state.Choices ?? []).map(({ Next }) => Next)];
    const plain = ways.filter((to) => to !== undefined).map((to) => ({ from, to, isCatch: false }));
    const caught = (state.Catch ?? []).map(({ Next: to }) => ({ from, to, isCatch: true }));
    const inner = innerOf(state).map(({ StartAt: to }) => ({ from, to, isCatch: false }));
    return unique([...caught, ...plain, ...inner]);
  });
}

function unique<T extends { from: string; to: string }>(edges: T[]): T[] {
  return [...new Map(edges.map((edge) => [`${edge.from}\n${edge.to}`, edge])).values()];
}

const nameIn = (event: HistoryEvent) =>
  (event.stateEnteredEventDetails?.name ?? event.stateExitedEventDetails?.name) as string | undefined;

/** Pairs of states of which one was entered right after the other was left, or from inside it. */
function takenBy(events: HistoryEvent[]): Set<string> {
  const byId = new Map(events.map((event) => [event.id, event]));
  const taken = new Set<string>();
  for (const event of events) {
    if (!event.stateEnteredEventDetails) continue;
    let before = byId.get(event.previousEventId);
    while (before && !nameIn(before)) before = byId.get(before.previousEventId);
    if (before) taken.add(`${nameIn(before)}\n${nameIn(event)}`);
  }
  return taken;
}

function place(
  name: string,
  type: string,
  { events, isRunning }: { events: HistoryEvent[]; isRunning: boolean },
): Place {
  const entered = events.filter((event) => event.stateEnteredEventDetails?.name === name).length;
  const exits = events.filter((event) => event.stateExitedEventDetails?.name === name);
  const last = events.find(({ id }) => id === exits.at(-1)?.previousEventId);
  const left = /(Failed|TimedOut|Aborted)$/.test(last?.type ?? '') ? 'failed' : 'done';
  const status = entered === 0 ? 'untouched' : exits.length >= entered ? left : isRunning ? 'now' : 'failed';
  const tries = triesOf(name, events);
  return {
    name,
    type,
    status: type === 'Fail' && entered > 0 ? 'failed' : status,
    entered,
    retried: Math.max(0, tries - entered),
  };
}

function triesOf(name: string, events: HistoryEvent[]): number {
  const byId = new Map(events.map((event) => [event.id, event]));
  return events.filter(({ type, previousEventId }) => {
    if (!/^(Task|LambdaFunction)Scheduled$/.test(type)) return false;
    let before = byId.get(previousEventId);
    while (before && !before.stateEnteredEventDetails) before = byId.get(before.previousEventId);
    return before?.stateEnteredEventDetails?.name === name;
  }).length;
}

function described(event: HistoryEvent): ExecutionView['history'][number] {
  const { id, timestamp, type } = event;
  const details = Object.entries(event).find(([key]) => key.endsWith('EventDetails'))?.[1];
  const state = nameIn(event) ?? '';
  return {
    id,
    at: time(timestamp * 1000),
    type,
    state,
    ...(details && { details }),
  };
}

function waitsOf({ sql }: Inside['store'], arn: string): ExecutionView['waits'] {
  const stateAt = (path: unknown) => {
    const body = sql('SELECT body FROM states_frames WHERE execution = ? AND path = ?').get(
      arn,
      path as string,
    )?.body;
    return body ? String(JSON.parse(String(body)).state) : '';
  };
  const timers = sql('SELECT path, kind, due FROM states_timers WHERE execution = ? ORDER BY due').all(arn);
  // The index is of tokens that are not closed.
  const tokens = sql(
    "SELECT path, token FROM states_tokens WHERE execution = ? AND state <> 'closed' AND state = 'open'",
  ).all(arn);
  return [
    ...timers.map(({ path, kind, due }) => ({ state: `${stateAt(path)} (${kind})`, until: time(due) })),
    ...tokens.map(({ path, token }) => ({ state: stateAt(path), token: shortened(String(token)) })),
  ];
}
