import type { Store } from '../../store.ts';

export interface Secret {
  name: string;
  arn: string;
  description: string | null;
  created: number;
  changed: number;
}

export interface Version {
  id: string;
  text: string | null;
  binary: string | null;
  stages: string[];
  created: number;
}

const COLUMNS = 'id, text, binary, stages, created';

export type Rows = ReturnType<typeof openRows>;
/** Secrets and their versions at rest. */
export function openRows(store: Store) {
  store
    .sql(
      `CREATE TABLE IF NOT EXISTS secret
         (name TEXT PRIMARY KEY, arn TEXT UNIQUE, description TEXT, created INT, changed INT)`,
    )
    .run();
  store
    .sql(
      `CREATE TABLE IF NOT EXISTS secret_version (secret TEXT, id TEXT, text TEXT, binary TEXT, stages TEXT,
         created INT, PRIMARY KEY (secret, id))`,
    )
    .run();
  return {
    find: (id: string) => {
      const text = 'SELECT * FROM secret WHERE name = ?1 OR arn = ?1 OR substr(arn, 1, length(arn) - 7) = ?1';
      return store.sql(text).get(id) as Secret | undefined;
    },
    all: () => store.sql('SELECT * FROM secret ORDER BY name').all() as unknown as Secret[],
    insert: ({ name, arn, description, created }: Secret) =>
      store.sql('INSERT INTO secret VALUES (?, ?, ?, ?, ?)').run(name, arn, description, created, created),
    touch: ({ name }: Secret, description: string | null, changed: number) =>
      store
        .sql('UPDATE secret SET description = coalesce(?, description), changed = ? WHERE name = ?')
        .run(description, changed, name),
    versions: ({ name }: Secret) =>
      store
        .sql(`SELECT ${COLUMNS} FROM secret_version WHERE secret = ? ORDER BY created, rowid`)
        .all(name)
        .map((row) => ({ ...row, stages: JSON.parse(String(row.stages)) }) as unknown as Version),
    keep: ({ name }: Secret, { id, text, binary, stages, created }: Version) =>
      store
        .sql('INSERT OR REPLACE INTO secret_version VALUES (?, ?, ?, ?, ?, ?)')
        .run(name, id, text, binary, JSON.stringify(stages), created),
    drop: ({ name }: Secret, { id }: Version) =>
      store.sql('DELETE FROM secret_version WHERE secret = ? AND id = ?').run(name, id),
  };
}
