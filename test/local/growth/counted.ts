import type { StatementSync } from 'node:sqlite';
import type { Store } from '#local/store.ts';

/** What was asked of a store. */
export interface Counted {
  store: Store;
  /** Every statement by its text, with how often it ran. */
  asked: Map<string, number>;
  /** How many rows were read. */
  rows(): number;
}

/** The store, with a note of every statement that passes. */
export function counted(store: Store): Counted {
  const asked = new Map<string, number>();
  let rows = 0;
  const read = <T>(found: T[]): T[] => {
    rows += found.length;
    return found;
  };
  const watched = (statement: StatementSync) => ({
    run: statement.run.bind(statement),
    get: (...values: never[]) => read([statement.get(...values)])[0],
    all: (...values: never[]) => read(statement.all(...values)),
    *iterate(...values: never[]) {
      for (const row of statement.iterate(...values)) yield* read([row]);
    },
  });
  const sql = (text: string) => {
    asked.set(text, (asked.get(text) ?? 0) + 1);
    return watched(store.sql(text)) as unknown as StatementSync;
  };
  return { store: { ...store, sql }, asked, rows: () => rows };
}

/** How SQLite goes about a statement, step by step. */
export function plan(store: Store, text: string): string[] {
  return store
    .sql(`EXPLAIN QUERY PLAN ${text}`)
    .all()
    .map(({ detail }) => String(detail));
}
