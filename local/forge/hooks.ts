import { createHmac, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import type { Repository } from './records.ts';

export interface Delivery {
  /** `X-GitHub-Delivery`: the same for every attempt. */
  id: string;
  event: string;
  url: string;
  attempts: number;
  /** `waiting` for its next attempt, `sent` after a 2xx, `failed` after the last attempt. */
  state: 'waiting' | 'sent' | 'failed';
  /** The last answer's status; 0 when there was none. */
  status: number;
}

export interface Hooks {
  /** Points the repository's webhook at `url`; again with the same `url` only changes the secret. */
  set(repository: Repository, hook: { url: string; secret: string }): void;
  /** Stores one delivery for each of the repository's webhooks; they go out once the transaction is durable. */
  fire(repository: Repository, event: string, payload: object): void;
  /** Newest first. */
  deliveries(repository: Repository): Delivery[];
  stop(): Promise<void>;
}

const ATTEMPTS = 8;
/** GitHub gives a receiver ten seconds too. */
const PATIENCE = 10_000;

const TABLES = [
  'CREATE TABLE IF NOT EXISTS forge_hooks (id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER, url TEXT, secret TEXT NOT NULL, UNIQUE (repository, url))',
  `CREATE TABLE IF NOT EXISTS forge_deliveries (id TEXT PRIMARY KEY, hook INTEGER, event TEXT, body TEXT,
    attempts INTEGER DEFAULT 0, due INTEGER, state TEXT DEFAULT 'waiting', status INTEGER DEFAULT 0)`,
  `CREATE INDEX IF NOT EXISTS forge_deliveries_due ON forge_deliveries (due) WHERE state = 'waiting'`,
];

/** Webhooks signed like GitHub's: stored before they are sent, sent at least once, eight attempts with backoff. */
export function openHooks(store: Store, clock: Clock): Hooks {
  for (const table of TABLES) store.sql(table).run();
  const sending = new Map<string, Promise<void>>();
  const gone = new AbortController();
  let cancel = () => {};

  function wake(): void {
    cancel();
    if (gone.signal.aborted) return;
    const waiting = store
      .sql(
        `SELECT d.rowid, d.*, h.url, h.secret FROM forge_deliveries d JOIN forge_hooks h ON h.id = d.hook
         WHERE state = 'waiting' ORDER BY d.due, d.rowid`,
      )
      .all()
      .filter(({ id }) => !sending.has(String(id)));
    for (const row of waiting.filter(({ due }) => Number(due) <= clock.now())) start(row);
    const next = waiting.find(({ due }) => Number(due) > clock.now());
    if (next) cancel = clock.at(Number(next.due), wake);
  }

  function start(row: Record<string, unknown>): void {
    const id = String(row.id);
    const work = post(row, gone.signal)
      .then((status) => settle(id, Number(row.attempts) + 1, status))
      .finally(() => sending.delete(id))
      .then(wake);
    sending.set(id, work);
  }

  function settle(id: string, attempts: number, status: number): void {
    if (gone.signal.aborted && status === 0) return; // we hung up, not they: the next start sends it again
    const state = status >= 200 && status < 300 ? 'sent' : attempts < ATTEMPTS ? 'waiting' : 'failed';
    const due = clock.now() + 1000 * 2 ** (attempts - 1);
    store.transaction(() =>
      store
        .sql('UPDATE forge_deliveries SET attempts = ?, state = ?, status = ?, due = ? WHERE id = ?')
        .run(attempts, state, status, due, id),
    );
  }

  queueMicrotask(wake);
  return {
    ...hookTable(store, clock, wake),
    stop: async () => {
      gone.abort();
      cancel();
      await Promise.all(sending.values());
    },
  };
}

function hookTable(
  { sql, transaction, afterCommit }: Store,
  clock: Clock,
  wake: () => void,
): Omit<Hooks, 'stop'> {
  return {
    set: ({ id }, { url, secret }) =>
      transaction(() => {
        sql(
          'INSERT INTO forge_hooks (repository, url, secret) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET secret = excluded.secret',
        ).run(id, url, secret);
      }),
    fire: ({ id }, event, payload) => {
      const body = JSON.stringify(payload);
      transaction(() => {
        for (const hook of sql('SELECT id FROM forge_hooks WHERE repository = ?').all(id)) {
          const insert = sql(
            'INSERT INTO forge_deliveries (id, hook, event, body, due) VALUES (?, ?, ?, ?, ?)',
          );
          insert.run(randomUUID(), hook.id ?? null, event, body, clock.now());
        }
        afterCommit(() => queueMicrotask(wake));
      });
    },
    deliveries: ({ id }) =>
      sql(
        `SELECT d.id, event, url, attempts, state, status FROM forge_deliveries d JOIN forge_hooks h ON h.id = d.hook
         WHERE repository = ? ORDER BY d.rowid DESC`,
      ).all(id) as unknown as Delivery[],
  };
}

/** Sends one attempt and answers the status, 0 when there was no answer. */
async function post(
  { id, event, body, url, secret }: Record<string, unknown>,
  gone: AbortSignal,
): Promise<number> {
  const text = String(body);
  const signature = createHmac('sha256', String(secret)).update(text).digest('hex');
  try {
    const response = await fetch(String(url), {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([gone, AbortSignal.timeout(PATIENCE)]),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'GitHub-Hookshot/local',
        'x-github-delivery': String(id),
        'x-github-event': String(event),
        'x-hub-signature-256': `sha256=${signature}`,
      },
      body: text,
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}
