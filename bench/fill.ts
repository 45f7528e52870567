import { dynamoDb } from '#local/aws/dynamodb/dynamodb.ts';
import { sqs } from '#local/aws/sqs/sqs.ts';
import { systemClock } from '#local/clock.ts';
import { openStore } from '#local/store.ts';
import { TABLE } from './load.ts';

/** `node fill.ts FOLDER COUNT`: brings a folder to so many items, hidden messages and ended executions. */
const [folder = '', count = '0'] = process.argv.slice(2);
const store = openStore(folder);
const clock = systemClock();
const tables = dynamoDb(store, clock);
const queues = sqs(store, clock);
queues.define('Bench', {});
tables.define('Bench', TABLE);
const put = tables.operations.PutItem as (input: object, call: object) => Promise<unknown>;
const there = Number(store.sql('SELECT count(*) AS n FROM dynamodb_items').get()?.n);
const CHUNK = 5_000;

for (let from = there; from < Number(count); from += CHUNK) {
  const to = Math.min(Number(count), from + CHUNK);
  const items = Array.from({ length: to - from }, (_, at) => ({
    pk: { S: `filled-${from + at}` },
    body: { S: 'x'.repeat(200) },
  }));
  await Promise.all(items.map((Item) => put({ TableName: 'Bench', Item }, {})));
  store.transaction(() => {
    for (let at = from; at < to; at += 1) {
      const arn = `arn:aws:states:us-east-1:000000000000:execution:filled:e${at}`;
      store
        .sql(
          "INSERT INTO states_executions(arn,machine,name,definition,input,status,started,stopped,events,output) VALUES(?,?,?,'d','{}','SUCCEEDED',0,0,4,'{}')",
        )
        .run(arn, 'arn:aws:states:us-east-1:000000000000:stateMachine:filled', `e${at}`);
      store.sql('INSERT INTO states_history VALUES(?,1,?)').run(arn, '[{"id":1,"type":"ExecutionStarted"}]');
      const sent =
        'INSERT INTO sqs_message (queue, id, body, attributes, system, sent, visible, hidden) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
      store
        .sql(sent)
        .run('Bench', `filled-${at}`, 'x'.repeat(200), '{}', '{}', Date.now(), Date.now() + 43_200_000, 1);
    }
  });
}
tables.stop();
store.close();
