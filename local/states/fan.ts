import type { State } from './definition.ts';
import { batched, isDistributed, readItems, startMapRun } from './distributed.ts';
import { queryError } from './expression.ts';
import { argumentsOf, isPath, pathEnvironment } from './jsonpath/flow.ts';
import { fill, runtime, select } from './jsonpath/template.ts';
import { answer, emit, type Fan, insideOf, type Run, type Scope, stateOf, withinLimit } from './scope.ts';
import { typed } from './typed.ts';

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
  const input = await inputOf(run, scope, state);
  const total = state.Branches?.length ?? 0;
  emit(run, scope, { type: 'ParallelStateStarted' });
  scope.fan = { total, begun: total, running: total, failed: 0, concurrency: total, tolerated: 0 };
  for (let index = 0; index < total; index += 1) enter(run, scope, { index, input, last: scope.last });
}

async function inputOf(run: Run, scope: Scope, state: State): Promise<unknown> {
  if (isPath(run, scope)) return argumentsOf(run, scope);
  return 'Arguments' in state ? answer(run, scope, 'Arguments', state.Arguments) : scope.input;
}

async function openMap(run: Run, scope: Scope, state: State): Promise<void> {
  const isApart = isDistributed(state);
  const given = state.ItemReader ? [] : ((await itemsOf(run, scope, state)) as unknown[]);
  const concurrency = ((await typed(run, scope, 'MaxConcurrency', 'integer')) as number) || MAX_CONCURRENCY;
  const early = isApart ? undefined : await toleratedOf(run, scope, given.length);
  emit(run, scope, { type: 'MapStateStarted', details: { length: given.length } });
  const known = early ?? (await toleratedOf(run, scope, given.length));
  if (isApart) startMapRun(run, scope);
  const items = isApart ? await itemsApart(run, scope, { state, given }) : given;
  const tolerated = state.ItemReader ? await toleratedOf(run, scope, items.length) : known;
  scope.fan = { total: items.length, begun: 0, running: 0, failed: 0, concurrency, tolerated };
  run.journal.save(`${insideOf(scope)}items`, items);
  const { last } = scope;
  while (scope.fan.begun < Math.min(concurrency, items.length)) await beginNext(run, scope, last);
}

async function itemsOf(run: Run, scope: Scope, state: State): Promise<unknown> {
  if (isPath(run, scope)) return pathItems(run, scope, state);
  if ('Items' in state) return typed(run, scope, 'Items', 'array');
  if (Array.isArray(scope.input)) return scope.input;
  throw queryError(`Map state input must be an array but was: ${JSON.stringify(scope.input)}`);
}

/** The items of a distributed Map: read from where they are kept, selected, and put into batches. */
async function itemsApart(
  run: Run,
  scope: Scope,
  { state, given }: { state: State; given: unknown[] },
): Promise<unknown[]> {
  const items = state.ItemReader ? await readItems(run, scope, state.ItemReader) : given;
  if (!state.ItemBatcher) return items;
  const chosen: unknown[] = [];
  for (const [Index, Value] of items.entries())
    chosen.push(await selected(run, { ...scope, item: { Index, Value } }, Value));
  return batched(run, scope, { batcher: state.ItemBatcher, items: chosen });
}

function pathItems(run: Run, scope: Scope, { ItemsPath = '$' }: State): unknown {
  const items = select(ItemsPath, pathEnvironment(run, scope));
  if (Array.isArray(items)) return items;
  throw runtime(`Reference path "${ItemsPath}" must point to array.`);
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
  const state = stateOf(run, scope);
  const details = { name: scope.state, index };
  const last = isDistributed(state)
    ? scope.last
    : emit(run, scope, { type: 'MapIterationStarted', details, previous });
  const item = { Index: index, Value: value };
  const input = state.ItemBatcher ? value : await selected(run, { ...scope, item }, value);
  enter(run, scope, { index, input: withinLimit(input, scope), last, item });
  run.journal.save(scope.path, scope);
}

async function selected(run: Run, scope: Scope, value: unknown): Promise<unknown> {
  const { ItemSelector, Parameters } = stateOf(run, scope);
  const template = ItemSelector ?? Parameters;
  if (template === undefined) return value;
  if (isPath(run, scope)) return fill(template, pathEnvironment(run, scope));
  return answer(run, scope, 'ItemSelector', template);
}

function enter(
  run: Run,
  scope: Scope,
  child: { index: number; input: unknown; last: number; item?: Scope['item'] },
): void {
  const state = stateOf(run, scope);
  const { ItemProcessor, Iterator, Branches } = state;
  const { index, ...rest } = child;
  const inner: Scope = {
    path: insideOf(scope) + index,
    state: (Branches?.[index] ?? ItemProcessor ?? Iterator)?.StartAt as string,
    phase: 'enter',
    visit: 0,
    variables: {},
    entered: { id: 0, previous: 0, at: 0 },
    attempt: 0,
    tries: [],
    ...((scope.isSilent || isDistributed(state)) && { isSilent: true }),
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
