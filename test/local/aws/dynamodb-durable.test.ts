import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dynamoDb } from '#local/aws/dynamodb/dynamodb.ts';
import type { TableProperties } from '#local/aws/dynamodb/table.ts';
import { systemClock } from '#local/clock.ts';
import { openStore } from '#local/store.ts';
import { clientOf, TABLE } from './dynamodb.contract.ts';
import { openDynamoDb } from './dynamodb.subject.ts';

const CHILD = `
  import { dynamoDb } from '#local/aws/dynamodb/dynamodb.ts';
  import { systemClock } from '#local/clock.ts';
  import { openStore } from '#local/store.ts';
  const [folder, table] = process.argv.slice(1);
  const db = dynamoDb(openStore(folder), systemClock());
  db.define('things', JSON.parse(table));
  for (let at = 0; ; at += 1) {
    const item = (sk) => ({ pk: { S: 'killed' }, sk: { S: sk + String(at).padStart(6, '0') }, g: { S: 'all' }, n: { N: String(at) } });
    await db.operations.TransactWriteItems({ TransactItems: ['a', 'b'].map((sk) => ({ Put: { TableName: 'things', Item: item(sk) } })) });
    process.stdout.write(at + '\\n');
  }
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynamodb-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const key = { pk: { S: 'kept' }, sk: { S: 'one' } };

describe('the tables of the local AWS', () => {
  it('keep items, indexes and transaction tokens over a restart', async () => {
    const transaction = new TransactWriteItemsCommand({
      ClientRequestToken: 'once',
      TransactItems: [{ Put: { TableName: 'things', Item: { ...key, g: { S: 'g' }, n: { N: '1' } } } }],
    });
    const before = await openDynamoDb(folder);
    before.db.define('things', TABLE);
    await clientOf(before.endpoint).send(transaction);
    await clientOf(before.endpoint).send(
      new PutItemCommand({ TableName: 'things', Item: { ...key, g: { S: 'h' } } }),
    );
    await before.stop();

    const after = await openDynamoDb(folder);
    after.db.define('things', TABLE);
    await clientOf(after.endpoint).send(transaction);
    const { Item } = await clientOf(after.endpoint).send(
      new GetItemCommand({ TableName: 'things', Key: key }),
    );
    const { Items } = await clientOf(after.endpoint).send(
      new QueryCommand({
        TableName: 'things',
        IndexName: 'whole',
        KeyConditionExpression: 'g = :g',
        ExpressionAttributeValues: { ':g': { S: 'h' } },
      }),
    );
    await after.stop();

    expect(Item).toEqual({ ...key, g: { S: 'h' } });
    expect(Items).toEqual([Item]);
  });

  it('lose no acknowledged write to kill -9, and write no half transaction', async () => {
    const child = spawn(
      process.execPath,
      ['--input-type=module-typescript', '-e', CHILD, folder, JSON.stringify(TABLE)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let acknowledged = -1;
    const exit = once(child, 'exit');
    for await (const chunk of child.stdout) {
      acknowledged = Number(String(chunk).trim().split('\n').at(-1));
      if (acknowledged > 200) child.kill('SIGKILL');
    }
    await exit;

    const store = openStore(folder);
    const db = dynamoDb(store, systemClock());
    db.define('things', TABLE);
    const query = db.operations.Query as (input: object) => { Count: number };
    const count = (more: object) => query({ TableName: 'things', Select: 'COUNT', ...more }).Count;
    const values = (more: object) => ({ ExpressionAttributeValues: { ':p': { S: 'killed' }, ...more } });
    const a = count({
      KeyConditionExpression: 'pk = :p AND begins_with(sk, :s)',
      ...values({ ':s': { S: 'a' } }),
    });
    const b = count({
      KeyConditionExpression: 'pk = :p AND begins_with(sk, :s)',
      ...values({ ':s': { S: 'b' } }),
    });
    const indexed = count({
      IndexName: 'byG',
      KeyConditionExpression: 'g = :g',
      ExpressionAttributeValues: { ':g': { S: 'all' } },
    });
    store.close();

    expect(a).toBeGreaterThan(acknowledged);
    expect(b).toBe(a);
    expect(indexed).toBe(a + b);
  });

  it('take up new indexes, drop old ones, and refuse another key', async () => {
    const local = await openDynamoDb(folder);
    const { GlobalSecondaryIndexes: _, ...bare }: TableProperties = TABLE;
    local.db.define('things', bare);
    const client = clientOf(local.endpoint);
    await client.send(new PutItemCommand({ TableName: 'things', Item: { ...key, g: { S: 'g' } } }));
    local.db.define('things', TABLE);
    const query = new QueryCommand({
      TableName: 'things',
      IndexName: 'whole',
      KeyConditionExpression: 'g = :g',
      ExpressionAttributeValues: { ':g': { S: 'g' } },
    });
    const filled = await client.send(query);
    local.db.define('things', bare);

    await expect(client.send(query)).rejects.toThrow(/does not have the specified index/);
    expect(filled.Count).toBe(1);
    expect(() => local.db.define('things', { ...bare, KeySchema: TABLE.KeySchema.slice(0, 1) })).toThrow(
      /change of the key schema/,
    );
    await local.stop();
  });

  it.each<[string, object]>([
    ['Expected', { Item: key, Expected: {} }],
    ['ReturnConsumedCapacity', { Item: key, ReturnConsumedCapacity: 'TOTAL' }],
  ])('refuse %s by name', async (name, input) => {
    const local = await openDynamoDb(folder);
    local.db.define('things', TABLE);

    await expect(
      clientOf(local.endpoint).send(new PutItemCommand({ TableName: 'things', ...input } as never)),
    ).rejects.toThrow(new RegExp(`does not implement PutItem with ${name}`));
    await local.stop();
  });

  it.each<[string, object]>([
    ['LocalSecondaryIndexes', { LocalSecondaryIndexes: [] }],
    ['KinesisStreamSpecification', { KinesisStreamSpecification: {} }],
    ['several replicas', { Replicas: [{}, {}] }],
  ])('refuse a table with %s', async (name, more) => {
    const local = await openDynamoDb(folder);

    expect(() => local.db.define('things', { ...TABLE, ...more })).toThrow(name);
    await local.stop();
  });
});
