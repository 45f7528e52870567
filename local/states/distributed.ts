import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws/service.ts';
import type { ItemBatcher, ItemReader, State } from './definition.ts';
import { isPath, pathEnvironment } from './jsonpath/flow.ts';
import { fill, select } from './jsonpath/template.ts';
import { answer, emit, type Run, type Scope, stateOf } from './scope.ts';

/** Whether a Map runs its items as executions of their own, whose events are not in its parent's history. */
export function isDistributed({ ItemProcessor, Iterator }: State): boolean {
  return (ItemProcessor ?? Iterator)?.ProcessorConfig?.Mode === 'DISTRIBUTED';
}

/** Begins the history of a distributed Map's run. */
export function startMapRun(run: Run, scope: Scope): void {
  const { Label = 'map' } = stateOf(run, scope) as State & { Label?: string };
  const { machine } = run.journal.execution;
  const mapRunArn = `${machine.replace(':stateMachine:', ':mapRun:')}/${Label}:${randomUUID()}`;
  emit(run, scope, { type: 'MapRunStarted', details: { mapRunArn } });
}

/** Takes the items from the object that `ItemReader` names. Throws `States.ItemReaderFailed`. */
export async function readItems(run: Run, scope: Scope, reader: ItemReader): Promise<unknown[]> {
  const { ReaderConfig = {}, Resource } = reader;
  const limit = await setting(
    run,
    scope,
    'ReaderConfig/MaxItems',
    ReaderConfig.MaxItems,
    ReaderConfig.MaxItemsPath,
  );
  if (limit !== undefined && limit < 0) throw unreadable('field MaxItems must be positive');
  const args = isPath(run, scope)
    ? fill(reader.Parameters ?? {}, pathEnvironment(run, scope))
    : await answer(run, scope, 'ItemReader/Arguments', reader.Arguments ?? {});
  const { Body } = (await run.read(Resource, args)) as { Body: string };
  const items = parse(Body, ReaderConfig);
  return limit ? items.slice(0, limit) : items;
}

function parse(text: string, { InputType, ...config }: NonNullable<ItemReader['ReaderConfig']>): unknown[] {
  if (InputType === 'CSV') return rows(text, config);
  const lines = text.trimEnd().split('\n');
  try {
    const items = InputType === 'JSONL' ? lines.map((line) => JSON.parse(line)) : JSON.parse(text);
    if (Array.isArray(items)) return items;
  } catch (error) {
    throw unreadable((error as Error).message);
  }
  throw unreadable('Attempting to map over non-iterable node.');
}

/** Comma-separated values without quotes; quoted ones are refused, since a wrong guess would go unseen. */
function rows(text: string, { CSVHeaders }: { CSVHeaders?: string[] }): unknown[] {
  if (text.includes('"')) throw unreadable('The local AWS does not implement quotes in CSV');
  const lines = text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((line) => line.split(','));
  const header = CSVHeaders ?? lines.shift() ?? [];
  return lines.map((cells) => Object.fromEntries(header.map((name, at) => [name, cells[at] ?? ''])));
}

/** Packs items into as few batches as the batcher's limits of number and of bytes allow. */
export async function batched(
  run: Run,
  scope: Scope,
  { batcher, items }: { batcher: ItemBatcher; items: unknown[] },
): Promise<unknown[]> {
  const { MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath } =
    batcher;
  const count = await setting(
    run,
    scope,
    'ItemBatcher/MaxItemsPerBatch',
    MaxItemsPerBatch,
    MaxItemsPerBatchPath,
  );
  const bytes = await setting(
    run,
    scope,
    'ItemBatcher/MaxInputBytesPerBatch',
    MaxInputBytesPerBatch,
    MaxInputBytesPerBatchPath,
  );
  const { BatchInput } = batcher;
  const shared = isPath(run, scope)
    ? BatchInput && fill(BatchInput, pathEnvironment(run, scope))
    : BatchInput && (await answer(run, scope, 'ItemBatcher/BatchInput', BatchInput));
  const batches: unknown[][] = [];
  for (const item of items) {
    const last = batches.at(-1);
    const isFull =
      !last || last.length >= (count || Infinity) || sizeOf([...last, item]) > (bytes || Infinity);
    if (isFull) batches.push([item]);
    else last.push(item);
  }
  return batches.map((Items) => ({ ...(shared !== undefined && { BatchInput: shared }), Items }));
}

function sizeOf(items: unknown[]): number {
  return Buffer.byteLength(JSON.stringify({ Items: items }));
}

/** A whole number that is given, computed, or found at a path, where text that looks like one will do. */
async function setting(
  run: Run,
  scope: Scope,
  field: string,
  value: unknown,
  path?: string,
): Promise<number | undefined> {
  if (path !== undefined) return Number(select(path, pathEnvironment(run, scope)));
  if (value === undefined || isPath(run, scope)) return value as number | undefined;
  return (await answer(run, scope, field, value)) as number;
}

function unreadable(message: string): AwsError {
  return new AwsError('States.ItemReaderFailed', message);
}

/** What a distributed Map fails with when more of its items failed than it tolerates. */
export const thresholdExceeded = {
  error: 'States.ExceedToleratedFailureThreshold',
  cause: 'The specified tolerated failure threshold was exceeded',
};
