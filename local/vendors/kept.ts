import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';

/** A request to a vendor's API. */
export interface Ask {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Parsed; undefined where it is no JSON. */
  body: unknown;
}

export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Something that was said, with everything that it said before. */
export interface Sent {
  vendor: string;
  place: string;
  id: string;
  /** The newest first. */
  versions: string[];
  /** When it was said or last changed, epoch milliseconds. */
  at: number;
}

/** What was said to one vendor. */
export interface Kept {
  /** In the order in which they were first said. */
  list(place: string): Sent[];
  find(place: string, id: string): Sent | undefined;
  /** Says something, or says it in other words. */
  write(place: string, id: string, text: string): void;
}

/** What was said to all vendors, kept in the store. */
export function sentStore(store: Store, clock: Clock) {
  const table = 'sent (seq INTEGER PRIMARY KEY, vendor TEXT, place TEXT, id TEXT, versions TEXT, at INT)';
  store.sql(`CREATE TABLE IF NOT EXISTS ${table}`).run();
  const read = (where: string, ...values: string[]): Sent[] =>
    store
      .sql(`SELECT * FROM sent ${where} ORDER BY seq`)
      .all(...values)
      .map((row) => ({ ...row, versions: JSON.parse(String(row.versions)) }) as unknown as Sent);

  function keptOf(vendor: string): Kept {
    const find = (place: string, id: string) =>
      read('WHERE vendor = ? AND place = ? AND id = ?', vendor, place, id)[0];
    return {
      list: (place) => read('WHERE vendor = ? AND place = ?', vendor, place),
      find,
      write(place, id, text) {
        const versions = JSON.stringify([text, ...(find(place, id)?.versions ?? [])]);
        store.transaction(() => {
          const change = 'UPDATE sent SET versions = ?, at = ? WHERE vendor = ? AND place = ? AND id = ?';
          const { changes } = store.sql(change).run(versions, clock.now(), vendor, place, id);
          if (changes > 0) return;
          const add = 'INSERT INTO sent (vendor, place, id, versions, at) VALUES (?, ?, ?, ?, ?)';
          store.sql(add).run(vendor, place, id, versions, clock.now());
        });
      },
    };
  }
  return { keptOf, all: () => read('') };
}

export type SentStore = ReturnType<typeof sentStore>;
