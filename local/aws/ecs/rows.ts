import type { Store } from '../../store.ts';
import type { Handle } from './process.ts';
import type { Task } from './task.ts';

export interface Row {
  task: Task;
  /** Absent until the process has been started. */
  handle?: Handle;
}

/** Tasks at rest. */
export interface Rows {
  insert(task: Task, clientToken: string | undefined): void;
  /** Keeps the task as it is now and, if given, the process that runs it. */
  update(task: Task, handle?: Handle): void;
  find(arn: string): Row | undefined;
  byToken(clientToken: string): Row | undefined;
  /** Every task that has not stopped. */
  open(): Row[];
  /** Newest first. */
  all(): Row[];
}

const TABLE = `CREATE TABLE IF NOT EXISTS ecs_task
  (arn TEXT PRIMARY KEY, token TEXT UNIQUE, open INT, created INT, task TEXT, pid INT, identity TEXT)`;

export function openRows(store: Store): Rows {
  store.sql(TABLE).run();
  store.sql('CREATE INDEX IF NOT EXISTS ecs_task_open ON ecs_task (created) WHERE open').run();
  return {
    insert: (task, token) => {
      const text = 'INSERT INTO ecs_task VALUES (?, ?, 1, ?, ?, NULL, NULL)';
      store.sql(text).run(task.taskArn, token ?? null, task.createdAt, JSON.stringify(task));
    },
    update: (task, handle) => {
      const text =
        'UPDATE ecs_task SET task = ?, open = ?, pid = coalesce(?, pid), identity = coalesce(?, identity) WHERE arn = ?';
      const open = task.lastStatus === 'STOPPED' ? 0 : 1;
      store
        .sql(text)
        .run(JSON.stringify(task), open, handle?.pid ?? null, handle?.identity ?? null, task.taskArn);
    },
    find: (arn) => store.sql('SELECT * FROM ecs_task WHERE arn = ?').all(arn).map(rowOf)[0],
    byToken: (token) => store.sql('SELECT * FROM ecs_task WHERE token = ?').all(token).map(rowOf)[0],
    open: () => store.sql('SELECT * FROM ecs_task WHERE open ORDER BY created').all().map(rowOf),
    all: () => store.sql('SELECT * FROM ecs_task ORDER BY created DESC').all().map(rowOf),
  };
}

function rowOf({ task, pid, identity }: Record<string, unknown>): Row {
  const handle = pid === null ? undefined : { pid: Number(pid), identity: String(identity) };
  return { task: JSON.parse(String(task)), ...(handle && { handle }) };
}
