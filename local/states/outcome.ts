import { AwsError } from '../aws/service.ts';
import type { Catcher, Choice, State } from './definition.ts';
import { isDistributed, thresholdExceeded } from './distributed.ts';
import { abort, beginNext, results } from './fan.ts';
import { append, textOf } from './history.ts';
import { isPath, outcomeOf } from './jsonpath/flow.ts';
import { delayBeforeRetry, matches } from './retry.ts';
import {
  answer,
  emit,
  type Failure,
  type Fan,
  insideOf,
  parentOf,
  type Run,
  type Scope,
  stateOf,
  withinLimit,
} from './scope.ts';

/** Where a state goes on: its own fields, or those of the choice or catcher that was taken. */
export interface Way {
  rule: State | Choice | Catcher;
  /** The name of `rule` in evaluation errors: '' for the state's own fields. */
  at: string;
  next?: string;
  /** What `$states` holds beside input and context. */
  more: Record<string, unknown>;
  /** The output without an `Output` field. */
  output: unknown;
}

/** Leaves a state: Output and Assign see the same variables; then the next state, or the end of the strand. */
export async function leave(run: Run, scope: Scope, way: Way): Promise<void> {
  const state = stateOf(run, scope);
  const isInPath = isPath(run, scope);
  const { output, assigned } = isInPath
    ? outcomeOf(run, scope, { rule: way.rule, result: way.more.result ?? way.more.errorOutput })
    : await expressed(run, scope, way);
  withinLimit(output, scope);
  const details = {
    name: scope.state,
    ...textOf('output', output),
    ...(assigned && {
      assignedVariables: Object.fromEntries(
        Object.entries(assigned).map(([name, value]) => [name, JSON.stringify(value)]),
      ),
      assignedVariablesDetails: { truncated: false },
    }),
  };
  emit(run, scope, { type: `${state.Type}StateExited`, details });
  if (scope.fan) run.journal.clear(insideOf(scope));
  Object.assign(scope.variables, withinLimit(assigned ?? {}, scope));
  Object.assign(scope, { task: undefined, fan: undefined, attempt: 0, tries: [] });
  if (way.next === undefined) return finish(run, scope, output);
  Object.assign(scope, { state: way.next, input: output, phase: 'enter' });
  run.journal.save(scope.path, scope);
  run.ready.push(scope);
}

async function expressed(run: Run, scope: Scope, { rule, at, more, ...way }: Way) {
  const output = 'Output' in rule ? await answer(run, scope, `${at}Output`, rule.Output, more) : way.output;
  const assigned = rule.Assign && (await answer(run, scope, `${at}Assign`, rule.Assign, more));
  return { output, assigned: assigned as Record<string, unknown> | undefined };
}

/** Leaves a Task, Map or Parallel with its result. */
export function succeed(run: Run, scope: Scope, result: unknown): Promise<void> {
  const state = stateOf(run, scope);
  withinLimit(result, scope);
  return leave(run, scope, { rule: state, at: '', next: state.Next, more: { result }, output: result });
}

async function finish(run: Run, scope: Scope, output: unknown): Promise<void> {
  const parent = parentOf(run, scope);
  if (!parent) return end(run, { status: 'SUCCEEDED', output });
  const previous = scope.last;
  scope.phase = 'done';
  scope.output = output;
  run.journal.save(scope.path, scope);
  if (scope.item) emit(run, scope, { type: 'MapIterationSucceeded', details: iteration(parent, scope) });
  await childEnded(run, parent, { previous, last: scope.last });
}

function iteration(parent: Scope, scope: Scope): object {
  return { name: parent.state, index: scope.item?.Index };
}

/** AWS lets the next iteration follow the last state of the one before, not its MapIterationSucceeded. */
async function childEnded(
  run: Run,
  parent: Scope,
  { previous, last }: { previous: number; last: number },
): Promise<void> {
  const fan = parent.fan as Fan;
  fan.running -= 1;
  const isApart = isDistributed(stateOf(run, parent));
  if (!isApart) parent.last = last;
  run.journal.save(parent.path, parent);
  if (fan.begun < fan.total) return protect(run, parent, () => beginNext(run, parent, previous));
  if (fan.running === 0) return join(run, parent);
}

/** Ends a Parallel or Map whose last strand has ended. */
export async function join(run: Run, scope: Scope): Promise<void> {
  const state = stateOf(run, scope);
  const previous = isDistributed(state) ? endMapRun(run, scope) : scope.last;
  emit(run, scope, { type: `${state.Type}StateSucceeded`, previous });
  return protect(run, scope, () => succeed(run, scope, results(run, scope)));
}

/** AWS hangs the exit of the Map beside the end of its run, not behind it (behind it before autumn 2024). */
function endMapRun(run: Run, scope: Scope): number {
  return emit(run, scope, { type: 'MapRunSucceeded', previous: scope.last });
}

/** Runs a step of a scope; what it throws is the state's failure. */
export async function protect(run: Run, scope: Scope, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    await fail(run, scope, reported(run, scope, error));
  }
}

function reported(run: Run, scope: Scope, { code, message, detail }: AwsError): Failure {
  const cause = `An error occurred while executing the state '${scope.state}' (entered at the event id #${scope.entered.id}). ${message}`;
  if (detail.isInState) return { error: code, cause };
  if (code !== 'States.QueryEvaluationError') return { error: code, cause: message };
  const { location, late } = detail;
  const details = { cause, error: code, ...(location !== undefined && { location }), state: scope.state };
  // AWS hangs the failure of a state's first evaluations beside the event that entered it.
  if (scope.last === scope.entered.id && !late) scope.last = scope.entered.previous;
  emit(run, scope, { type: 'EvaluationFailed', details });
  return { error: code, cause };
}

/** A state failed: retried, caught, or passed on to whatever it runs inside. */
export async function fail(run: Run, scope: Scope, failure: Failure): Promise<void> {
  const state = stateOf(run, scope);
  const { journal } = run;
  for (const kind of ['timeout', 'heartbeat'] as const) journal.timer(scope.path, kind);
  if (scope.fan) journal.clear(insideOf(scope));
  const delay = delayBeforeRetry(state, scope, failure);
  scope.fan = undefined;
  scope.task = undefined;
  if (delay !== undefined) {
    scope.phase = 'retrying';
    journal.save(scope.path, scope);
    return journal.timer(scope.path, 'retry', run.now() + delay);
  }
  tellFailure(run, scope, failure);
  const index = (state.Catch ?? []).findIndex((catcher) => matches(catcher.ErrorEquals, failure));
  const catcher = state.Catch?.[index];
  if (!catcher) return failUpwards(run, scope, failure);
  const errorOutput = { Error: failure.error ?? '', Cause: failure.cause ?? '' };
  const way = {
    rule: catcher,
    at: `Catch[${index}]/`,
    next: catcher.Next,
    more: { errorOutput },
    output: errorOutput,
  };
  try {
    await leave(run, scope, way);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    await failUpwards(run, scope, reported(run, scope, error));
  }
}

function tellFailure(run: Run, scope: Scope, failure: Failure): void {
  const { Type } = stateOf(run, scope);
  if (failure === thresholdExceeded || failure.error === 'States.ItemReaderFailed')
    emit(run, scope, { type: 'MapRunFailed', details: failure });
  if ((Type === 'Map' || Type === 'Parallel') && failure.error !== 'States.Runtime')
    emit(run, scope, { type: `${Type}StateFailed` });
}

async function failUpwards(run: Run, scope: Scope, failure: Failure): Promise<void> {
  const parent = parentOf(run, scope);
  if (!parent?.fan) return end(run, { status: 'FAILED', ...failure });
  const { fan } = parent;
  if (scope.item) {
    const last = emit(run, scope, {
      type: 'MapIterationFailed',
      details: iteration(parent, scope),
      previous: scope.last,
    });
    fan.failed += 1;
    if (fan.failed <= fan.tolerated) {
      scope.phase = 'done';
      run.journal.save(scope.path, scope);
      return childEnded(run, parent, { previous: scope.last, last });
    }
  }
  abort(run, parent, scope);
  if (isDistributed(stateOf(run, parent))) return fail(run, parent, thresholdExceeded);
  parent.last = scope.last;
  await fail(run, parent, failure);
}

const endings = {
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  TIMED_OUT: 'TimedOut',
  ABORTED: 'Aborted',
} as const;

/** Ends the execution: nothing of it goes on, its tokens are closed. */
export function end(run: Run, result: Failure & { status: keyof typeof endings; output?: unknown }): void {
  const { journal } = run;
  const { execution } = journal;
  const { status, output, error, cause } = result;
  const root = journal.frame<Scope>('') as Scope;
  const details = status === 'SUCCEEDED' ? textOf('output', output) : { error, cause };
  journal.clear('');
  run.ready.length = 0;
  run.calls = [];
  append(journal, run.now(), { type: `Execution${endings[status]}`, previous: root.last, details });
  Object.assign(execution, {
    status,
    output: status === 'SUCCEEDED' ? JSON.stringify(output) : null,
    error: error ?? null,
    cause: cause ?? null,
    stopped: run.now(),
  });
}
