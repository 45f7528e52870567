import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Services, wireServer } from '#local/aws/wire.ts';
import type { Clock } from '#local/clock.ts';
import { openStore, type Store } from '#local/store.ts';
import { movingClock } from './moving-clock.ts';

/** What every SDK client of a test is given beside the endpoint. */
export const client = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
};

export type Opened<Service> = Awaited<ReturnType<typeof serve<Service>>>;

/** Serves a service over the wire on a store of its own, which can be closed and opened again in between. */
export async function serve<Service>(
  build: (store: Store, clock: Clock) => Service,
  wire: (service: Service) => Partial<Services>,
) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-aws-'));
  const clock = movingClock();
  let store = openStore(folder);
  let service = build(store, clock);
  const services: Services = { json: {}, rest: {}, ...wire(service) };
  const server = wireServer(services);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    folder,
    clock,
    advance: clock.advance,
    service: () => service,
    restart: async () => {
      store.close();
      store = openStore(folder);
      service = build(store, clock);
      Object.assign(services, { json: {}, rest: {}, ...wire(service) });
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      store.close();
      rmSync(folder, { recursive: true });
    },
  };
}
