import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamoDb, dynamoDb } from '#local/aws/dynamodb/dynamodb.ts';
import { wireServer } from '#local/aws/wire.ts';
import { type Clock, systemClock } from '#local/clock.ts';
import { openStore, type Store } from '#local/store.ts';

export interface LocalDynamoDb {
  db: DynamoDb;
  store: Store;
  endpoint: string;
  /** Stops all of it; the data goes too, unless its folder was given. */
  stop(): Promise<void>;
}

/** The DynamoDB of the local AWS behind its own port, on `folder` or on a folder of its own. */
export async function openDynamoDb(folder?: string, clock: Clock = systemClock()): Promise<LocalDynamoDb> {
  const place = folder ?? mkdtempSync(join(tmpdir(), 'dynamodb-'));
  const store = openStore(place);
  const db = dynamoDb(store, clock);
  const server = wireServer({ json: { DynamoDB_20120810: db.operations }, rest: {} });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    db,
    store,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      db.stop();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      store.close();
      if (!folder) rmSync(place, { recursive: true });
    },
  };
}
