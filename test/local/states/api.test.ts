import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { wireServer } from '#local/aws/wire.ts';
import { systemClock } from '#local/clock.ts';
import { openServices, wired } from '#local/services.ts';
import { openStore } from '#local/store.ts';
import { statesContract } from './states.contract.ts';

describe('Step Functions of the local AWS', () => {
  statesContract(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'states-api-'));
    const store = openStore(folder);
    const services = openServices({
      store,
      clock: systemClock(),
      root: folder,
      endpoint: 'http://127.0.0.1:1',
    });
    const server = wireServer(wired(services));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      queue: async (name) => {
        services.queues.define(name, {});
        return `http://sqs.local/000000000000/${name}`;
      },
      close: async () => {
        server.closeAllConnections();
        server.close();
        await services.machines.stop();
        services.tables.stop();
        store.close();
        rmSync(folder, { recursive: true });
      },
    };
  });
});
