import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { start } from '#local/start.ts';
import { lines, note } from './journal.ts';
import { worldOf } from './world.ts';

/** `node filler.ts fill|look FOLDER ASSEMBLY JOURNAL`: writes until the disk fails, or says what of that is lost. */
const [what, folder = '', assembly = '', journal = ''] = process.argv.slice(2);
const local = await start({
  root: fileURLToPath(new URL('.', import.meta.url)),
  folder,
  assembly,
  parameters: () => ({ Journal: journal }),
  ports: { product: 0, aws: 0, mailbox: 0 },
  onFailure: ({ message }) => {
    process.stdout.write(message);
    process.exit(3);
  },
}).catch((error: Error) => {
  process.stdout.write(`${error.name}: ${error.message}`);
  process.exit(4);
});
const { aws, rest, ref, once } = worldOf(local, journal);
const TableName = ref('Things');
const executionOf = (name: string) => `${ref('Machine').replace(':stateMachine:', ':execution:')}:${name}`;
const filling = 'x'.repeat(20_000);

/** Everything that is durable in its own way, a little of each. */
async function add(n: number): Promise<void> {
  const name = String(n);
  const Item = { id: { S: name }, filling: { S: filling } };
  await once(`item ${n}`, () => aws('DynamoDB_20120810.PutItem', { TableName, Item }));
  const object = { service: 's3', method: 'PUT', path: `/${ref('Bucket')}/${n}`, body: filling + n } as const;
  await once(`object ${n}`, async () => {
    const { status, text } = await rest(object);
    if (status !== 200) throw new Error(text);
  });
  const message = { QueueUrl: ref('Queue'), MessageBody: filling + n };
  await once(`message ${n}`, () => aws('AmazonSQS.SendMessage', message));
  const execution = { stateMachineArn: ref('Machine'), name, input: JSON.stringify(filling) };
  await once(`execution ${n}`, () => aws('AWSStepFunctions.StartExecution', execution));
}

const isThere: Record<string, (n: string) => Promise<unknown>> = {
  item: async (n) => (await aws('DynamoDB_20120810.GetItem', { TableName, Key: { id: { S: n } } })).Item,
  object: async (n) => {
    const { text } = await rest({ service: 's3', method: 'GET', path: `/${ref('Bucket')}/${n}` });
    return text === filling + n;
  },
  message: async (n) => local.store.sql('SELECT seq FROM sqs_message WHERE body = ?').get(filling + n),
  execution: async (n) => {
    const { status } = await aws('AWSStepFunctions.DescribeExecution', { executionArn: executionOf(n) });
    return status === 'SUCCEEDED';
  },
};

if (what === 'fill') {
  for (let n = 0; ; n += 1)
    await add(n).catch((error) => note(journal, { what: 'failed', name: error.name }));
}
const lost: string[] = [];
const acknowledged = lines(journal).filter((line) => line.what === 'acknowledged');
for (const { name } of acknowledged) {
  const [kind = '', n = ''] = name.split(' ');
  if (!(await isThere[kind]?.(n))) lost.push(name);
}
await add(acknowledged.length);
await local.stop();
const db = new DatabaseSync(join(folder, 'aws.sqlite'));
const check = db.prepare('PRAGMA integrity_check').get()?.integrity_check;
process.stdout.write(JSON.stringify({ acknowledged: acknowledged.length, lost, check }));
process.exit(0);
