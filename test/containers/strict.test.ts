import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { contained } from '#containers/contained.ts';
import { Repository } from '#core/projects/project.ts';
import { ecs } from '#local/aws/ecs/ecs.ts';
import { wireServer } from '#local/aws/wire.ts';
import { systemClock } from '#local/clock.ts';
import { openStore } from '#local/store.ts';

const ARN = 'arn:aws:ecs:us-east-1:000000000000:task-definition/Hands:1';
const repository = Repository.parse({
  ...{ fullName: 'acme/tap', cloneUrl: 'https://f.example/acme/tap.git', apiUrl: 'https://f.example/api' },
  kind: 'tap',
});

let folder: string;
let close: () => Promise<void>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-strict-'));
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
  vi.stubEnv('AWS_ENDPOINT_URL_ECS', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  for (const [name, value] of Object.entries({
    ...{ CLUSTER: 'default', TASK: ARN, SUBNETS: 'subnet-1', SECURITY_GROUP: 'sg-1', PORT: '0' },
  }))
    vi.stubEnv(`HANDS_${name}`, value);
  close = async () => {
    await tasks.stop();
    server.close();
    store.close();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  };
});
afterAll(() => close());

it('runs what nobody trusts in a task of its own, which knows of no credential', async () => {
  const work = mkdtempSync('/tmp/signalbox-strict-work-');
  const told: string[] = [];
  const say = async (text: string) => void told.push(text);
  const hands = await contained({ folder: work, repository, reporter: { name: 'Eve' }, say });
  const { stdout } = await hands.run({ argv: ['sh', '-c', 'env; echo $PPID'], cwd: '/' });
  await hands.run({ argv: ['curl', '-sS', '-m', '5', 'https://evil.example'], cwd: '/' });
  await hands.close();
  rmSync(work, { recursive: true, force: true });

  expect(stdout).toMatch(/^HTTPS_PROXY=/m);
  expect(stdout).not.toMatch(/of-the-task|AWS_|BRAIN_|HANDS_/);
  expect(told).toEqual([
    'a command was refused a connection to evil.example:443: the project does not name it',
  ]);
});

it('asks for a task that exists, or says that it was not started', async () => {
  vi.stubEnv('HANDS_TASK', 'nothing');

  await expect(contained({ folder, repository, say: async () => {} })).rejects.toThrow(/not found/);
});
