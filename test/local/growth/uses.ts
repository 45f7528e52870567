import { expect } from 'vitest';
import { call } from '#local/call.ts';
import { settled, type VirtualClock } from '../../support/clock.ts';
import { machine, type Place, QueueUrl } from './place.ts';

// biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
type Answer = any;
export type Ask = (
  service: 'tables' | 'queues' | 'machines' | 'bus',
  name: string,
  input: object,
) => Promise<Answer>;
/** Asks as a request would. */
export const asking =
  ({ services }: Place): Ask =>
  async (service, name, input) =>
    call(services[service].operations, name, input);

/** Every way to write and read items. */
export async function useTables(ask: Ask, { services, clock }: Place): Promise<void> {
  const soon = clock.now() / 1000 + 10;
  const Key = { pk: { S: 'p' }, sk: { S: '1' } };
  const TableName = 'Items';
  const Item = { ...Key, state: { S: 'new' }, ttl: { N: String(soon) } };
  const set = { UpdateExpression: 'SET #s = :s', ExpressionAttributeNames: { '#s': 'state' } };
  await ask('tables', 'PutItem', { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' });
  await ask('tables', 'UpdateItem', {
    TableName,
    Key,
    ...set,
    ExpressionAttributeValues: { ':s': { S: 'x' } },
  });
  await ask('tables', 'GetItem', { TableName, Key });
  await ask('tables', 'BatchGetItem', { RequestItems: { Items: { Keys: [Key] } } });
  const byKey = { KeyConditionExpression: 'pk = :p AND sk > :k' };
  const values = { ':p': { S: 'p' }, ':k': { S: '0' } };
  const byState = { IndexName: 'byState', KeyConditionExpression: '#s = :s' };
  for (const ScanIndexForward of [true, false]) {
    const paged = { TableName, ScanIndexForward, Limit: 5 };
    await ask('tables', 'Query', { ...paged, ...byKey, ExpressionAttributeValues: values });
    await ask('tables', 'Query', {
      ...{ ...paged, ...byState, ExpressionAttributeNames: { '#s': 'state' } },
      ExpressionAttributeValues: { ':s': { S: 'x' } },
      ExclusiveStartKey: { ...Key, state: { S: 'x' } },
    });
  }
  await ask('tables', 'Scan', { TableName, Limit: 5, ExclusiveStartKey: Key });
  await ask('tables', 'TransactWriteItems', {
    TransactItems: [
      { Put: { TableName, Item: { ...Item, sk: { S: '2' } } } },
      { Delete: { TableName, Key } },
    ],
    ClientRequestToken: 'one',
  });
  clock.moveTo(clock.now() + 11_000);
  services.tables.streams.read('s', 0, 1);
  services.tables.streams.trim('s');
}

/** A message's whole life, in both kinds of queue, and a dead letter. */
export async function useQueues(ask: Ask, clock: VirtualClock): Promise<void> {
  for (const queue of ['Work', 'Line.fifo']) {
    const url = { QueueUrl: QueueUrl(queue) };
    const group = queue.endsWith('fifo') ? { MessageGroupId: 'g', MessageDeduplicationId: 'd' } : {};
    await ask('queues', 'SendMessage', { ...url, MessageBody: 'one', ...group });
    const { Messages } = await ask('queues', 'ReceiveMessage', { ...url, WaitTimeSeconds: 1 });
    const { ReceiptHandle } = Messages[0];
    await ask('queues', 'ChangeMessageVisibility', { ...url, ReceiptHandle, VisibilityTimeout: 40 });
    await ask('queues', 'DeleteMessage', { ...url, ReceiptHandle });
  }
  const url = { QueueUrl: QueueUrl('Work') };
  await ask('queues', 'SendMessage', { ...url, MessageBody: 'bad' });
  await ask('queues', 'ReceiveMessage', url);
  clock.moveTo(clock.now() + 31_000);
  await ask('queues', 'ReceiveMessage', url);
}

async function tokenOf(ask: Ask): Promise<string> {
  const { Messages } = await ask('queues', 'ReceiveMessage', { QueueUrl: QueueUrl('Work') });
  await ask('queues', 'DeleteMessage', {
    QueueUrl: QueueUrl('Work'),
    ReceiptHandle: Messages[0].ReceiptHandle,
  });
  return Messages[0].Body;
}

/** An execution that waits for a token and for timers, and what shows it. */
export async function useMachines(ask: Ask, clock: VirtualClock): Promise<void> {
  const start = async (name: string) =>
    (await ask('machines', 'StartExecution', { stateMachineArn: machine('ask'), name })).executionArn;
  const executionArn = await start('one');
  await settled();
  const taskToken = await tokenOf(ask);
  await ask('machines', 'SendTaskHeartbeat', { taskToken });
  await ask('machines', 'SendTaskSuccess', { taskToken, output: '{}' });
  await settled();
  clock.moveTo(clock.now() + 61_000);
  await settled();
  const { status } = await ask('machines', 'DescribeExecution', { executionArn });
  expect(status).toBe('SUCCEEDED');
  await ask('machines', 'GetExecutionHistory', { executionArn });
  for (const statusFilter of [undefined, 'RUNNING'])
    await ask('machines', 'ListExecutions', { stateMachineArn: machine('ask'), statusFilter });
  await ask('machines', 'StopExecution', { executionArn: await start('two') });
}

/** An event with its delivery, an object. */
export async function useTheRest(ask: Ask, { services }: Place): Promise<void> {
  await ask('bus', 'PutEvents', { Entries: [{ Source: 'test', DetailType: 'T', Detail: '{}' }] });
  const file = { path: '/files/a', query: new URLSearchParams(), headers: {}, body: Buffer.from('a') };
  await services.buckets.rest({ method: 'PUT', ...file });
  await services.buckets.rest({ method: 'GET', ...file, body: Buffer.alloc(0) });
  await settled();
}
