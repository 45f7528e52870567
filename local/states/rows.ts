import type { Store } from '../store.ts';

/** One execution as the store keeps it; times in epoch milliseconds. */
export interface Execution {
  arn: string;
  machine: string;
  name: string;
  definition: string;
  role: string | null;
  input: string;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  output: string | null;
  error: string | null;
  cause: string | null;
  started: number;
  stopped: number | null;
  /** The id of its latest event. */
  events: number;
  /** The token of the task that started it and waits for its end. */
  parent: string | null;
}

export type TimerKind = 'wait' | 'retry' | 'timeout' | 'heartbeat' | 'machine';

/** What must happen again after a restart: a first step, further steps, an answer not yet taken up, a call in flight. */
export type Pending = 'start' | 'ready' | 'answer' | 'call';

/** How a task that waits for its token was answered. */
export type Answer = { output: unknown } | { failure: { error?: string; cause?: string } };

export interface TokenRow {
  token: string;
  execution: string;
  path: string;
  state: 'open' | 'answered' | 'closed';
  answer: string | null;
  heartbeat: number | null;
}

/** Creates the tables of the service where they are not there yet. */
export function createTables(store: Store): void {
  for (const statement of schema.split(';').filter((text) => text.trim())) store.sql(statement).run();
}

const schema = `
CREATE TABLE IF NOT EXISTS states_machines(arn TEXT PRIMARY KEY, name TEXT, definition TEXT, role TEXT, revision TEXT, created REAL, updated REAL);
CREATE TABLE IF NOT EXISTS states_definitions(id TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS states_executions(seq INTEGER PRIMARY KEY, arn TEXT UNIQUE, machine TEXT, name TEXT, definition TEXT, role TEXT, input TEXT,
  status TEXT, output TEXT, error TEXT, cause TEXT, started REAL, stopped REAL, events INTEGER, parent TEXT);
CREATE INDEX IF NOT EXISTS states_executions_of ON states_executions(machine, seq);
CREATE INDEX IF NOT EXISTS states_executions_by ON states_executions(machine, status, seq);
CREATE INDEX IF NOT EXISTS states_executions_parent ON states_executions(parent) WHERE parent IS NOT NULL;
CREATE TABLE IF NOT EXISTS states_frames(execution TEXT, path TEXT, body TEXT, PRIMARY KEY(execution, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS states_history(execution TEXT, first INTEGER, events TEXT, PRIMARY KEY(execution, first)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS states_timers(execution TEXT, path TEXT, kind TEXT, due REAL, PRIMARY KEY(execution, path, kind)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS states_timers_due ON states_timers(due);
CREATE TABLE IF NOT EXISTS states_pending(execution TEXT, path TEXT, kind TEXT, PRIMARY KEY(execution, path, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS states_tokens(token TEXT PRIMARY KEY, execution TEXT, path TEXT, state TEXT, answer TEXT, heartbeat REAL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS states_tokens_of ON states_tokens(execution, path) WHERE state <> 'closed'`;
