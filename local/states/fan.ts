import type { State } from './definition.ts';
import { queryError } from './expression.ts';
import {
  answer,
  emit,
  type Fan,
  insideOf,
  type Run,
  type Scope,
  stateOf,
  typed,
  withinLimit,
} from './scope.ts';

/** What an inline Map runs at once when its MaxConcurrency is 0 or absent. */
const MAX_CONCURRENCY = 40;

/** Begins a Parallel or a Map: as many branches or iterations as may run at once. */
export async function open(run: Run, scope: Scope): Promise<void> {
  const state = stateOf(run, scope);
  if (state.Type === 'Parallel') await openParallel(run, scope, state);
  else await openMap(run, scope, state);
  scope.phase = 'busy';
  run.journal.save(scope.path, scope);
}

async function openParallel(run: Run, scope: Scope, state: State): Promise<void> {
  const input = 'Arguments' in state ? await answer(run, scope, 'Arguments', state.Arguments) : scope.input;
  const total = state.Branches?.length ?? 0;
  emit(run, scope, { type: 'ParallelStateStarted' });
  scope.fan = { total, begun: total, running: total, failed: 0, concurrency: total, tolerated: 0 };
  for (let index = 0; index < total; index += 1) enter(run, scope, { index, input, last: scope.last });
}

async function openMap(run: Run, scope: Scope, state: State): Promise<void> {
  const items = (await itemsOf(run, scope, state)) as unknown[];
  const concurrency = ((await typed(run, scope, 'MaxConcurrency', 'integer')) as number) || MAX_CONCURRENCY;
  const tolerated = await toleratedOf(run, scope, items.length);
  emit(run, scope, { type: 'MapStateStarted', details: { length: items.length } });
  scope.fan = { total: items.length, begun: 0, running: 0, failed: 0, concurrency, tolerated };
  run.journal.save(`${insideOf(scope)}items`, items);
  const { last } = scope;
  while (scope.fan.begun < Math.min(concurrency, items.length)) await beginNext(run, scope, last);
}

async function itemsOf(run: Run, scope: Scope, state: State): Promise<unknown> {
  if ('Items' in state) return typed(run, scope, 'Items', 'array');
  if (Array.isArray(scope.input)) return scope.input;
  throw queryError(`Map state input must be an array but was: ${JSON.stringify(scope.input)}`);
}

async function toleratedOf(run: Run, scope: Scope, length: number): Promise<number> {
  const count = (await typed(run, scope, 'ToleratedFailureCount', 'integer')) as number | undefined;
  const percentage = (await typed(run, scope, 'ToleratedFailurePercentage', 'integer')) as number | undefined;
  return Math.max(count ?? 0, Math.floor((length * (percentage ?? 0)) / 100));
}

/** Begins the next iteration of a Map, following the event `previous`. */
export async function beginNext(run: Run, scope: Scope, previous: number): Promise<void> {
  const fan = scope.fan as Fan;
  const index = fan.begun;
  const value = run.journal.frame<unknown[]>(`${insideOf(scope)}items`)?.[index];
  fan.begun += 1;
  fan.running += 1;
  const details = { name: scope.state, index };
  const last = emit(run, scope, { type: 'MapIterationStarted', details, previous });
  const { ItemSelector } = stateOf(run, scope);
  const item = { Index: index, Value: value };
  const input =
    ItemSelector === undefined ? value : await answer(run, { ...scope, item }, 'ItemSelector', ItemSelector);
  enter(run, scope, { index, input: withinLimit(input, scope), last, item });
  run.journal.save(scope.path, scope);
}

function enter(
  run: Run,
  scope: Scope,
  child: { index: number; input: unknown; last: number; item?: Scope['item'] },
): void {
  const { ItemProcessor, Branches } = stateOf(run, scope);
  const { index, ...rest } = child;
  const inner: Scope = {
    path: insideOf(scope) + index,
    state: (Branches?.[index] ?? ItemProcessor)?.StartAt as string,
    phase: 'enter',
    visit: 0,
    variables: {},
    entered: { id: 0, previous: 0, at: 0 },
    attempt: 0,
    tries: [],
    ...rest,
  };
  run.journal.save(inner.path, inner);
  run.ready.push(inner);
}

/** The outputs of all branches or succeeded iterations, in their order. */
export function results(run: Run, scope: Scope): unknown[] {
  const prefix = insideOf(scope);
  return run.journal
    .under<Scope>(prefix)
    .filter(([, child]) => child.phase === 'done' && child.output !== undefined)
    .sort(([one], [other]) => Number(one.slice(prefix.length)) - Number(other.slice(prefix.length)))
    .map(([, child]) => child.output);
}

const ABORTABLE = ['Task', 'Wait', 'Map', 'Parallel'];

/** Ends everything inside a Parallel or Map after `failed` broke it; the history says what was cut off. */
export function abort(run: Run, scope: Scope, failed?: Scope): void {
  const previous = failed?.last ?? scope.last;
  if (failed && stateOf(run, failed).Type === 'Task')
    emit(run, failed, { type: 'TaskStateAborted', previous });
  for (const child of children(run, scope)) if (child.path !== failed?.path) cutOff(run, child, previous);
  run.journal.clear(insideOf(scope));
}

/** The history of a strand that ends from outside: its iteration, its state, and whatever runs inside that. */
export function cutOff(run: Run, scope: Scope, previous: number): void {
  const details = { index: scope.item?.Index };
  if (scope.item && scope.path !== '') emit(run, scope, { type: 'MapIterationAborted', details, previous });
  const { Type } = stateOf(run, scope);
  if (scope.phase !== 'enter' && ABORTABLE.includes(Type))
    emit(run, scope, { type: `${Type}StateAborted`, previous });
  for (const child of children(run, scope)) cutOff(run, child, previous);
}

/** The strands inside a Parallel or Map that have not ended, one level down. */
function children(run: Run, scope: Scope): Scope[] {
  const prefix = insideOf(scope);
  return run.journal
    .under<Scope>(prefix)
    .filter(
      ([path, child]) =>
        !path.slice(prefix.length).includes('/') && 'phase' in child && child.phase !== 'done',
    )
    .map(([, child]) => child)
    .sort((one, other) => one.path.localeCompare(other.path, 'en', { numeric: true }));
}
