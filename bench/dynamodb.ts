import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { dynamoDb } from '#local/aws/dynamodb/dynamodb.ts';
import { wireServer } from '#local/aws/wire.ts';
import { systemClock } from '#local/clock.ts';
import { openStore } from '#local/store.ts';

/** Durable writes a second of the local DynamoDB. `node bench/dynamodb.ts [items]` fills the table with items first. */
const FILL = Number(process.argv[2] ?? 0);
const FOR = 3000;
const CONNECTIONS = 16;
const TABLE = {
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
    { AttributeName: 'state', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byState',
      KeySchema: [
        { AttributeName: 'state', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
};

let last = 0;
function item() {
  last += 1;
  const sk = String(last).padStart(9, '0');
  return {
    pk: { S: `ticket-${last % 5000}` },
    sk: { S: sk },
    state: { S: `s${last % 7}` },
    body: { S: 'x'.repeat(200) },
  };
}
const put = () => ({ TableName: 'bench', Item: item(), ConditionExpression: 'attribute_not_exists(pk)' });
const pair = () => ({ TransactItems: [{ Put: put() }, { Put: put() }] });

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const store = openStore(folder);
const db = dynamoDb(store, systemClock());
db.define('bench', TABLE);
const direct = db.operations as Record<string, (input: object) => unknown>;
while (last < FILL) await Promise.all(Array.from({ length: 10_000 }, () => direct.PutItem?.(put())));

const server = wireServer({ json: { DynamoDB_20120810: db.operations }, rest: {} });
await once(server.listen(0, '127.0.0.1'), 'listening');
const client = new DynamoDBClient({
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  region: 'us-east-1',
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
});

await report('puts in process', CONNECTIONS, async () => direct.PutItem?.(put()));
await report('two-item transactions in process', CONNECTIONS, async () =>
  direct.TransactWriteItems?.(pair()),
);
await report('puts over HTTP', CONNECTIONS, () => client.send(new PutItemCommand(put())));
await report('two-item transactions over HTTP', CONNECTIONS, () =>
  client.send(new TransactWriteItemsCommand(pair())),
);
const page = (more: object) => ({ TableName: 'bench', Limit: 25, ...more });
const from = String(Math.floor(last / 2)).padStart(9, '0');
await report('queries of 25 items by key, in process', 1, async () =>
  direct.Query?.(
    page({
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: `ticket-${last % 5000}` } },
    }),
  ),
);
await report('queries of 25 items by index from its middle, in process', 1, async () =>
  direct.Query?.(
    page({
      IndexName: 'byState',
      KeyConditionExpression: '#s = :s AND sk > :from',
      ExpressionAttributeNames: { '#s': 'state' },
      ExpressionAttributeValues: { ':s': { S: 's1' }, ':from': { S: from } },
    }),
  ),
);
client.destroy();
server.close();
server.closeAllConnections();
store.close();
rmSync(folder, { recursive: true });

async function report(title: string, parallel: number, work: () => Promise<unknown>): Promise<void> {
  const end = Date.now() + FOR;
  let count = 0;
  const loop = async () => {
    while (Date.now() < end) {
      await work();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: parallel }, loop));
  process.stdout.write(`${String(Math.round(count / (FOR / 1000))).padStart(8)} a second: ${title}\n`);
}
