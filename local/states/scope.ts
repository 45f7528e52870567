import { AwsError } from '../aws/service.ts';
import type { Machine, State } from './definition.ts';
import { type Environment, evaluate } from './expression.ts';
import { append } from './history.ts';
import type { Journal } from './journal.ts';
import type { Resource } from './resource.ts';
import type { Execution } from './rows.ts';

/** Where one strand of an execution stands: the root, a branch of a Parallel, an iteration of a Map. */
export interface Scope {
  /** '' for the root; below it `/VISIT.INDEX` for each level, VISIT counting what the scope above did. */
  path: string;
  state: string;
  phase: 'enter' | 'attempt' | 'start' | 'busy' | 'waited' | 'retrying' | 'done';
  /** Counts entered states and attempts: what was begun under an older number is nobody's any more. */
  visit: number;
  input: unknown;
  variables: Record<string, unknown>;
  /** The id of the event that the next one follows. */
  last: number;
  entered: { id: number; previous: number; at: number };
  /** How often the state was retried, in all and by each of its retriers. */
  attempt: number;
  tries: number[];
  item?: { Index: number; Value: unknown };
  task?: Task;
  fan?: Fan;
  output?: unknown;
  /** Inside a distributed Map: what happens here is in no history. */
  isSilent?: boolean;
}

/** A task that was scheduled and has no result yet. */
export interface Task {
  arguments: unknown;
  resource: Resource;
  token?: string;
  heartbeat?: number;
}

/** How far a Parallel or a Map has come. */
export interface Fan {
  total: number;
  begun: number;
  running: number;
  failed: number;
  concurrency: number;
  tolerated: number;
}

/** What went wrong in a state, as retriers and catchers see it. */
export interface Failure {
  error?: string;
  cause?: string;
  heartbeat?: boolean;
}

/** One waking of an execution: what it may touch, and what it leaves to do. */
export interface Run {
  readonly journal: Journal;
  readonly machine: Machine;
  readonly now: () => number;
  /** Reads what a Map takes its items from: a call that changes nothing, so that a crash may repeat it. */
  readonly read: (resource: string, args: unknown) => Promise<unknown>;
  /** Scopes that can take a step, first come first served. */
  readonly ready: Scope[];
  /** Tasks to call once this waking is durable. */
  calls: Scope[];
  /** Paths of tasks that timed out: their calls are to be aborted. */
  readonly ended: string[];
}

/** The largest input, output, result or set of arguments, in bytes of JSON. */
export const LIMIT = 262_144;
/** Standard executions fail when their history has this many events. */
const MAX_EVENTS = 25_000;

/** Thrown out of the interpreter when nothing may catch it: the execution fails at once. */
export const fatal = {
  error: 'States.Runtime',
  cause: `The execution reached the maximum number of history events (${MAX_EVENTS}).`,
};

export function parentOf(run: Run, scope: Scope): Scope | undefined {
  return scope.path === ''
    ? undefined
    : run.journal.frame<Scope>(scope.path.slice(0, scope.path.lastIndexOf('/')));
}

function machineOf(run: Run, scope: Scope): Machine {
  const parent = parentOf(run, scope);
  if (!parent) return run.machine;
  const { Branches, ItemProcessor, Iterator } = stateOf(run, parent);
  const branch = Branches?.[Number(scope.path.slice(scope.path.lastIndexOf('.') + 1))];
  return (branch ?? ItemProcessor ?? Iterator) as Machine;
}

export function stateOf(run: Run, scope: Scope): State {
  return machineOf(run, scope).States[scope.state] as State;
}

/** The path prefix of everything that a state's current attempt began. */
export function insideOf(scope: Scope): string {
  return `${scope.path}/${scope.visit}.`;
}

/** Appends an event of this strand; `previous` when it follows something else, in which case the strand stays put. */
export function emit(
  run: Run,
  scope: Scope,
  event: { type: string; details?: object; previous?: number },
): number {
  if (scope.isSilent) return scope.last;
  if (run.journal.execution.events + 1 >= MAX_EVENTS) throw fatal;
  const id = append(run.journal, run.now(), { ...event, previous: event.previous ?? scope.last });
  if (event.previous === undefined) scope.last = id;
  return id;
}

/** Evaluates a field of the scope's state, seeing `more` in `$states` beside input and context. */
export function answer(
  run: Run,
  scope: Scope,
  field: string,
  template: unknown,
  more: Record<string, unknown> = {},
): Promise<unknown> {
  return evaluate(template, { field, environment: environmentOf(run, scope, more) });
}

export function environmentOf(run: Run, scope: Scope, more: Record<string, unknown> = {}): Environment {
  const variables: Record<string, unknown> = {};
  let item: Scope['item'];
  for (let one: Scope | undefined = scope; one; one = parentOf(run, one)) {
    for (const [name, value] of Object.entries(one.variables)) variables[name] ??= value;
    item ??= one.item;
  }
  const isTask = stateOf(run, scope).Type === 'Task';
  const context = contextOf(run.journal.execution, scope, { item, isTask });
  return { variables, states: { input: scope.input, context, ...more }, now: run.now() };
}

function contextOf(
  execution: Execution,
  scope: Scope,
  { item, isTask }: { item: Scope['item']; isTask: boolean },
): Record<string, unknown> {
  const token = scope.task?.token;
  return {
    Execution: {
      Id: execution.arn,
      Input: JSON.parse(execution.input),
      StartTime: new Date(execution.started).toISOString(),
      Name: execution.name,
      ...(execution.role && { RoleArn: execution.role }),
      RedriveCount: 0,
    },
    StateMachine: { Id: execution.machine, Name: execution.machine.split(':').at(-1) },
    State: {
      Name: scope.state,
      EnteredTime: new Date(scope.entered.at).toISOString(),
      ...(isTask && { RetryCount: scope.attempt }),
    },
    ...(token && { Task: { Token: token } }),
    ...(item && { Map: { Item: item } }),
  };
}

/** Refuses a value over {@link LIMIT} bytes of JSON: neither retried nor caught by States.ALL. */
export function withinLimit<T>(value: T, scope: Scope): T {
  const text = JSON.stringify(value) ?? '';
  if (text.length > LIMIT / 4 && Buffer.byteLength(text) > LIMIT)
    throw new AwsError(
      'States.DataLimitExceeded',
      `The state/task '${scope.state}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    );
  return value;
}
