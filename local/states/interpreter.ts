import { AwsError } from '../aws/service.ts';
import type { Choice, State } from './definition.ts';
import { evaluateAs, queryError } from './expression.ts';
import { cutOff, open } from './fan.ts';
import { textOf } from './history.ts';
import { isTrue } from './jsonpath/choice.ts';
import { isPath, pathEnvironment } from './jsonpath/flow.ts';
import { runtime } from './jsonpath/template.ts';
import { end, fail, join, leave, protect } from './outcome.ts';
import type { TimerKind } from './rows.ts';
import { emit, environmentOf, type Failure, fatal, type Run, type Scope, stateOf } from './scope.ts';
import { called, schedule, settle, start, timedOut } from './task.ts';
import { typed } from './typed.ts';

/** Something that happened to an execution. A `visit` that is over makes it nobody's. */
export type Happening =
  | { kind: 'start' }
  | { kind: 'ready' }
  | { kind: 'timer'; path: string; timer: TimerKind }
  | { kind: 'answer'; path: string }
  | { kind: 'called'; path: string; visit: number; result: { output: unknown } | { failure: Failure } }
  | { kind: 'stop'; error?: string; cause?: string };

/** Takes up what happened; the scopes that can go on from there are then ready to {@link advance}. */
export async function happen(run: Run, happening: Happening): Promise<void> {
  if (run.journal.execution.status !== 'RUNNING') return;
  await guard(run, () => {
    if (happening.kind === 'start') return begin(run);
    if (happening.kind === 'ready') return goOn(run);
    if (happening.kind === 'stop') return stop(run, 'ABORTED', happening);
    const scope = run.journal.frame<Scope>(happening.path);
    if (!scope) return;
    if (happening.kind === 'timer') return ring(run, scope, happening.timer);
    return protect(run, scope, () => hear(run, scope, happening));
  });
}

/** A task heard from whoever works on it. */
async function hear(
  run: Run,
  scope: Scope,
  happening: Extract<Happening, { kind: 'answer' | 'called' }>,
): Promise<void> {
  if (scope.phase !== 'busy' || !scope.task) return;
  if (happening.kind === 'called')
    return scope.visit === happening.visit ? called(run, scope, happening.result) : undefined;
  const answer = scope.task.token ? run.journal.answerTo(scope.task.token) : undefined;
  if (answer) await settle(run, scope, answer);
}

/** Takes at most `steps` steps of whatever is ready, each strand in turn. */
export async function advance(run: Run, steps: number): Promise<void> {
  for (let left = steps; left > 0; left -= 1) {
    const scope = run.ready.shift();
    if (!scope) return;
    await guard(run, () => protect(run, scope, () => step(run, scope)));
  }
}

async function guard(run: Run, work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isOwn = error !== fatal;
    end(run, {
      status: 'FAILED',
      ...fatal,
      ...(isOwn && { cause: `The local AWS failed: ${(error as Error).stack}` }),
    });
  }
}

function begin(run: Run): void {
  const { journal, machine, now } = run;
  const { execution } = journal;
  journal.pend('', 'start', false);
  if (execution.events > 0) return;
  const root: Scope = {
    path: '',
    state: machine.StartAt,
    phase: 'enter',
    visit: 0,
    input: JSON.parse(execution.input),
    variables: {},
    last: 0,
    entered: { id: 0, previous: 0, at: 0 },
    attempt: 0,
    tries: [],
  };
  const details = {
    ...textOf('input', root.input),
    input: execution.input,
    roleArn: execution.role ?? undefined,
  };
  emit(run, root, { type: 'ExecutionStarted', details });
  // AWS numbers the first state's entry as following nothing.
  root.last = 0;
  journal.save('', root);
  if (machine.TimeoutSeconds) journal.timer('', 'machine', now() + machine.TimeoutSeconds * 1000);
  run.ready.push(root);
}

const atRest = ['busy', 'retrying', 'done'];

function goOn(run: Run): void {
  for (const [, scope] of run.journal.under<Scope>(''))
    if (scope.phase && !atRest.includes(scope.phase)) run.ready.push(scope);
}

function stop(run: Run, status: 'ABORTED' | 'TIMED_OUT', failure: Failure): void {
  const root = run.journal.frame<Scope>('') as Scope;
  if (!root) begin(run);
  else cutOff(run, root, root.last);
  end(run, { status, error: failure.error, cause: failure.cause });
}

async function ring(run: Run, scope: Scope, kind: TimerKind): Promise<void> {
  const due = run.journal.due(scope.path, kind);
  if (due === undefined || due > run.now()) return;
  run.journal.timer(scope.path, kind);
  if (kind === 'machine') return stop(run, 'TIMED_OUT', {});
  if (kind === 'timeout' || kind === 'heartbeat') {
    const { task } = scope;
    if (task && !(task.token && run.journal.answerTo(task.token)))
      await protect(run, scope, () => timedOut(run, scope, kind));
    return;
  }
  scope.phase = kind === 'wait' ? 'waited' : 'attempt';
  run.journal.save(scope.path, scope);
  run.ready.push(scope);
}

async function step(run: Run, scope: Scope): Promise<void> {
  if (scope.phase === 'start') return start(run, scope);
  const state = stateOf(run, scope);
  if (scope.phase === 'waited') return leaveSimply(run, scope, state);
  if (scope.phase === 'enter') {
    const previous = scope.last;
    const details = { name: scope.state, ...textOf('input', scope.input) };
    const id = emit(run, scope, { type: `${state.Type}StateEntered`, details });
    scope.entered = { id, previous, at: run.now() };
  }
  scope.visit += 1;
  scope.phase = 'attempt';
  await attempt(run, scope, state);
}

async function attempt(run: Run, scope: Scope, state: State): Promise<void> {
  switch (state.Type) {
    case 'Pass':
    case 'Succeed':
      return leaveSimply(run, scope, state);
    case 'Choice':
      return choose(run, scope, state);
    case 'Fail': {
      const error = (await typed(run, scope, 'Error', 'string')) as string | undefined;
      const cause = (await typed(run, scope, 'Cause', 'string')) as string | undefined;
      return fail(run, scope, { error, cause });
    }
    case 'Wait': {
      run.journal.timer(scope.path, 'wait', await endOfWait(run, scope));
      scope.phase = 'busy';
      return run.journal.save(scope.path, scope);
    }
    case 'Task':
      return schedule(run, scope);
    case 'Map':
    case 'Parallel':
      await open(run, scope);
      if (scope.fan?.total === 0) await join(run, scope);
  }
}

function leaveSimply(run: Run, scope: Scope, state: State): Promise<void> {
  return leave(run, scope, { rule: state, at: '', next: state.Next, more: {}, output: scope.input });
}

async function choose(run: Run, scope: Scope, state: State): Promise<void> {
  const choices = state.Choices as Choice[];
  for (const [index, choice] of choices.entries()) {
    const at = `Choices[${index}]/`;
    if (!(await holds(run, scope, { choice, at }))) continue;
    return leave(run, scope, { rule: choice, at, next: choice.Next, more: {}, output: scope.input });
  }
  if (state.Default === undefined)
    throw new AwsError(
      'States.NoChoiceMatched',
      `Failed to transition out of the state '${scope.state}' (entered at the event id #${scope.entered.id}): no choice rule matched and there is no Default.`,
    );
  return leave(run, scope, { rule: state, at: '', next: state.Default, more: {}, output: scope.input });
}

async function holds(
  run: Run,
  scope: Scope,
  { choice, at }: { choice: Choice; at: string },
): Promise<boolean> {
  if (isPath(run, scope)) return isTrue(choice, pathEnvironment(run, scope));
  const question = { field: `${at}Condition`, environment: environmentOf(run, scope) };
  return (await evaluateAs('boolean', choice.Condition, question)) as boolean;
}

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

async function endOfWait(run: Run, scope: Scope): Promise<number> {
  const seconds = (await typed(run, scope, 'Seconds', 'integer')) as number | undefined;
  if (seconds !== undefined) return run.now() + seconds * 1000;
  const text = (await typed(run, scope, 'Timestamp', 'string')) as string;
  const time = TIMESTAMP.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  const { TimestampPath } = stateOf(run, scope);
  if (TimestampPath)
    throw runtime(
      `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${TimestampPath} == ${text}`,
    );
  throw queryError(
    `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`,
    'Timestamp',
    { late: true },
  );
}
