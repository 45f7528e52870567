import { wireServer } from '#local/aws/wire.ts';
import { systemClock } from '#local/clock.ts';
import { openServices, wired } from '#local/services.ts';
import { openStore } from '#local/store.ts';
import { RUNS, TABLE } from './load.ts';

/** `node host.ts FOLDER`: every service of the local AWS in a process of its own, to be measured from outside. Prints its port and how long it took to be ready. */
const folder = process.argv[2] as string;
const store = openStore(folder);
const services = openServices({ store, clock: systemClock(), root: folder, endpoint: 'http://127.0.0.1:1' });
services.queues.define('Bench', {});
services.tables.define('Bench', TABLE);
services.tables.define('Runs', RUNS);
services.machines.resume();
const server = wireServer(wired(services)).listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`${JSON.stringify({ port, milliseconds: performance.now() })}\n`);
});
