import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsError } from '../aws/service.ts';
import { call } from '../call.ts';
import type { Services } from '../services.ts';
import type { Store } from '../store.ts';
import { executionView } from './execution.ts';
import { type Inside, shortened, time } from './inside.ts';

export type Row = Record<string, unknown>;
export type View = (inside: Inside, asked: { name: string; query: URLSearchParams }) => unknown;

const LIMIT = 200;

/** One view per path below `/_local/`, as plain data: the command line prints it, pages draw it. */
export const views: Record<string, View> = {
  tables: ({ services, store }, { name, query }) =>
    name ? items(services, name, query.get('key') ?? '') : tables(services, store),
  queues: ({ services, store }, { name }) =>
    name ? messages(store, named(namesOf(services), name)) : queues(services),
  executions: (inside, { name, query }) =>
    name ? executionView(inside, decodeURIComponent(name)) : executions(inside, query),
  schedules: ({ store }) =>
    store
      .sql('SELECT service, name, definition, next FROM timetable ORDER BY next')
      .all()
      .map(({ next, ...row }) => ({ ...row, next: time(next) })),
  events: ({ store }) => events(store),
  mail: ({ services, mailbox }) =>
    services.mail.mails().map(({ id, sent, to, subject }) => ({
      sent: time(sent),
      to,
      subject,
      open: `${mailbox}/mails/${id}`,
    })),
  functions: ({ store }, { name }) =>
    name ? log(join(store.folder, 'logs', 'functions'), `${name}.log`) : functions(store),
  tasks: ({ store }, { name }) =>
    name ? log(join(store.folder, 'tasks', name), 'stdout.log') : tasks(store),
  buckets: ({ store }) =>
    store
      .sql(
        `SELECT bucket, key, size, modified FROM s3_object WHERE file NOTNULL ORDER BY seq DESC LIMIT ${LIMIT}`,
      )
      .all()
      .map(({ modified, ...row }) => ({ ...row, modified: time(modified) })),
  clock: ({ clock }) => ({ now: time(clock.now()), ahead: `${Math.round(clock.ahead() / 1000)} s` }),
};

/** How much there is of everything. */
export function overview(inside: Inside): Row[] {
  const { store } = inside;
  const count = (text: string) => Number(store.sql(text).get()?.n ?? 0);
  const running = count("SELECT count(*) AS n FROM states_executions WHERE status='RUNNING'");
  const dead = (queues(inside.services) as { deadLettersOf: string; visible: number }[])
    .filter(({ deadLettersOf }) => deadLettersOf)
    .reduce((sum, { visible }) => sum + visible, 0);
  return [
    { view: 'tables', holds: `${count('SELECT count(*) AS n FROM dynamodb_items')} items` },
    {
      view: 'queues',
      holds: `${count('SELECT count(*) AS n FROM sqs_message')} messages, ${dead} of them dead letters`,
    },
    {
      view: 'executions',
      holds: `${count('SELECT count(*) AS n FROM states_executions')}, ${running} running`,
    },
    { view: 'schedules', holds: `${count('SELECT count(*) AS n FROM timetable')}` },
    { view: 'events', holds: `${count('SELECT count(*) AS n FROM event_log')} of the latest` },
    { view: 'mail', holds: `${count('SELECT count(*) AS n FROM ses_mail')} mails` },
    { view: 'functions', holds: `${functions(store).length} with a log` },
    { view: 'tasks', holds: `${count('SELECT count(*) AS n FROM ecs_task')}` },
    { view: 'buckets', holds: `${count('SELECT count(*) AS n FROM s3_object WHERE file NOTNULL')} objects` },
    { view: 'clock', holds: new Date(inside.clock.now()).toISOString() },
  ];
}

function tables({ tables }: Services, { sql }: Store): Row[] {
  const { TableNames } = call(tables.operations, 'ListTables', {}) as { TableNames: string[] };
  return TableNames.map((name) => {
    const text =
      'SELECT count(*) AS n FROM dynamodb_items WHERE tbl = (SELECT id FROM dynamodb_tables WHERE name = ?)';
    return { name, items: sql(text).get(name)?.n };
  });
}

/** The items of a table, or those below one partition key, with DynamoDB's types taken off. */
async function items({ tables }: Services, given: string, key: string): Promise<Row[]> {
  const { TableNames } = call(tables.operations, 'ListTables', {}) as { TableNames: string[] };
  const TableName = named(TableNames, given);
  const { Table } = (await call(tables.operations, 'DescribeTable', { TableName })) as {
    Table: { KeySchema: { AttributeName: string }[] };
  };
  const hash = { '#hash': Table.KeySchema[0]?.AttributeName };
  const asked = { TableName, Limit: LIMIT, ConsistentRead: true };
  const query = {
    KeyConditionExpression: '#hash = :key',
    ExpressionAttributeNames: hash,
    ExpressionAttributeValues: { ':key': { S: key } },
  };
  const answer = key
    ? call(tables.operations, 'Query', { ...asked, ...query })
    : call(tables.operations, 'Scan', asked);
  const { Items } = (await answer) as { Items: Record<string, Attribute>[] };
  return Items.map((item) =>
    Object.fromEntries(Object.entries(item).map(([name, value]) => [name, hidden(name, plain(value))])),
  );
}

type Attribute = { L?: Attribute[]; M?: Record<string, Attribute> } & Record<string, unknown>;

function plain(attribute: Attribute): unknown {
  const { L, M, N, NULL, ...rest } = attribute;
  if (L) return L.map(plain);
  if (M) return Object.fromEntries(Object.entries(M).map(([name, value]) => [name, plain(value)]));
  if (N !== undefined) return Number(N);
  return NULL === undefined ? Object.values(rest)[0] : null;
}

/** Task tokens and secrets are for those who hold them. */
function hidden(name: string, value: unknown): unknown {
  return /token$|secret/i.test(name) && typeof value === 'string' ? shortened(value) : value;
}

function namesOf({ queues }: Services): string[] {
  return queues.all().map(({ name }) => name);
}

function queues({ queues }: Services): Row[] {
  const all = queues.all();
  return all.map((queue) => ({
    name: queue.name,
    ...queues.counts(queue.name),
    deadLettersOf: all
      .filter(({ redrive }) => redrive?.deadLetterTargetArn === queue.arn)
      .map(({ name }) => name)
      .join(', '),
  }));
}

function messages({ sql }: Store, name: string): Row[] {
  return sql(
    `SELECT id, body, sent, visible, received FROM sqs_message WHERE queue = ? ORDER BY sent, seq LIMIT ${LIMIT}`,
  )
    .all(name)
    .map(({ body, sent, visible, ...row }) => ({
      ...row,
      sent: time(sent),
      visible: time(visible),
      body: withoutTokens(body),
    }));
}

function withoutTokens(body: unknown): string {
  return String(body).replace(/AQCEAAAAKgAAAAMAAAAA[\w-]+/g, shortened);
}

function events({ sql }: Store): Row[] {
  return sql(`SELECT at, bus, event, rules FROM event_log ORDER BY id DESC LIMIT ${LIMIT}`)
    .all()
    .map(({ at, event, rules }) => {
      const { source, 'detail-type': type, detail } = JSON.parse(String(event));
      return { at: time(at), source, type, rules: JSON.parse(String(rules)).join(', '), detail };
    });
}

/** What is named in full, or by a part that only it has. */
function named(names: string[], given: string): string {
  const found = names.includes(given)
    ? [given]
    : names.filter((name) => name.toLowerCase().includes(given.toLowerCase()));
  if (found.length === 1) return found[0] as string;
  throw new AwsError(
    'NotFound',
    `${found.length || 'None'} of ${names.join(', ')} is meant by ${given}`,
    404,
  );
}

function executions({ store }: Inside, query: URLSearchParams): Row[] {
  return store
    .sql(`SELECT name, status, machine, started, stopped, error, arn FROM states_executions
        WHERE machine LIKE ? AND status LIKE ? ORDER BY seq DESC LIMIT ${LIMIT}`)
    .all(`%${query.get('machine') ?? ''}`, query.get('status') ?? '%')
    .map((row) => ({
      ...row,
      machine: String(row.machine).split(':').at(-1),
      started: time(row.started),
      stopped: time(row.stopped),
    }));
}

function functions({ folder }: Store): Row[] {
  const logs = readdirSync(join(folder, 'logs', 'functions'));
  return logs.map((file) => {
    const lines = readFileSync(join(folder, 'logs', 'functions', file), 'utf8').split('\n');
    return { name: file.replace(/\.log$/, ''), lines: lines.length - 1, last: lines.at(-2)?.slice(0, 300) };
  });
}

function tasks({ sql }: Store): Row[] {
  return sql(`SELECT task FROM ecs_task ORDER BY created DESC LIMIT ${LIMIT}`)
    .all()
    .map(({ task }) => {
      const { taskArn, lastStatus, stoppedReason, createdAt, containers } = JSON.parse(String(task));
      const [container] = containers ?? [];
      return {
        id: taskArn.split('/').at(-1),
        status: lastStatus,
        exitCode: container?.exitCode,
        stoppedReason,
        created: time(createdAt),
      };
    });
}

function log(folder: string, file: string): Row {
  const known = readdirSync(folder).includes(file);
  if (!known) throw new AwsError('NotFound', `There is no log ${file}`, 404);
  return { log: withoutTokens(readFileSync(join(folder, file), 'utf8').slice(-100_000)) };
}
