import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ecs } from '#local/aws/ecs/ecs.ts';
import { wireServer } from '#local/aws/wire.ts';
import { systemClock } from '#local/clock.ts';
import { openStore } from '#local/store.ts';

const ARN = 'arn:aws:ecs:us-east-1:000000000000:task-definition/Hands:1';

/** What starts the task of hands, and what a brain is told of it. Tasks would see a secret here if they were given one. */
export async function elsewhere() {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-elsewhere-'));
  const store = openStore(folder);
  const tasks = ecs({
    ...{ store, clock: systemClock(), root: resolve(import.meta.dirname, '../..') },
    environment: { PATH: process.env.PATH ?? '', AWS_SECRET_ACCESS_KEY: 'of-the-task' },
    ...{ emit: () => {}, secret: () => '' },
  });
  tasks.define(ARN, { ContainerDefinitions: [{ Name: 'Main', Image: 'hands' }] }, 'containers/hands/main.ts');
  const wire = wireServer({ json: { AmazonEC2ContainerServiceV20141113: tasks.operations }, rest: {} });
  const server = createServer((request, response) => void wire.emit('request', request, response));
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  return {
    env: {
      AWS_ENDPOINT_URL_ECS: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...{ HANDS_CLUSTER: 'default', HANDS_TASK: ARN, HANDS_SUBNETS: 'subnet-1' },
      ...{ HANDS_SECURITY_GROUP: 'sg-1', HANDS_PORT: '0' },
    },
    /** How many tasks of hands there were so far. */
    started: () => readdirSync(join(folder, 'tasks')).length,
    async stop() {
      await tasks.stop();
      server.closeAllConnections();
      server.close();
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
