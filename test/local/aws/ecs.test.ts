import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ecs, ecs } from '#local/aws/ecs/ecs.ts';
import { isAlive } from '#local/aws/ecs/process.ts';
import { openRows } from '#local/aws/ecs/rows.ts';
import { taskOf } from '#local/aws/ecs/task.ts';
import { wireServer } from '#local/aws/wire.ts';
import { systemClock } from '#local/clock.ts';
import { openStore, type Store } from '#local/store.ts';

const DEFINITION = 'arn:aws:ecs:us-east-1:000000000000:task-definition/job:1';

// biome-ignore lint/suspicious/noExplicitAny: the event is what is under test
type Event = any;

let folder: string;
let store: Store;
let subject: Ecs;
let server: Server;
let client: ECSClient;
let emitted: Event[];

async function open(): Promise<void> {
  store = openStore(folder);
  emitted = [];
  const emit = (event: Event) => void emitted.push(event);
  const environment = { PATH: process.env.PATH ?? '' };
  const secret = (arn: string) => `value of ${arn}`;
  subject = ecs({ store, clock: systemClock(), root: folder, environment, emit, secret });
  subject.defineCluster('main');
  subject.define(
    DEFINITION,
    {
      ContainerDefinitions: [
        {
          Name: 'Main',
          Image: 'x',
          StopTimeout: 1,
          Environment: [{ Name: 'SAY', Value: 'template' }],
          Secrets: [{ Name: 'KEY', ValueFrom: 'arn:key' }],
        },
      ],
    },
    'job.ts',
  );
  server = wireServer({ json: { AmazonEC2ContainerServiceV20141113: subject.operations }, rest: {} });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new ECSClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
}

const job = (code: string) => writeFileSync(join(folder, 'job.ts'), code);

async function run(more: object = {}): Promise<string> {
  const reply = await client.send(new RunTaskCommand({ cluster: 'main', taskDefinition: 'job', ...more }));
  return reply.tasks?.[0]?.taskArn ?? '';
}

async function describeTask(arn: string) {
  const { tasks = [] } = await client.send(new DescribeTasksCommand({ cluster: 'main', tasks: [arn] }));
  return tasks[0];
}

const stopped = (arn: string) =>
  expect.poll(async () => (await describeTask(arn))?.lastStatus, { timeout: 8_000 }).toBe('STOPPED');
const output = (arn: string) =>
  readFileSync(join(folder, 'tasks', arn.slice(arn.lastIndexOf('/') + 1), 'stdout.log'), 'utf8');

const HANG = "process.on('SIGTERM', () => {}); process.stdout.write('up'); setInterval(() => {}, 1000);";

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ecs-'));
  mkdirSync(folder, { recursive: true });
  await open();
});
afterEach(async () => {
  await subject.stop(0.1);
  client.destroy();
  server.close();
  store.close();
});

describe('RunTask', () => {
  it('takes where on AWS it would run, and says how it was launched', async () => {
    job('process.exitCode = 0;');
    const networkConfiguration = {
      awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'], assignPublicIp: 'DISABLED' },
    };
    const arn = await run({ launchType: 'FARGATE', networkConfiguration });
    await stopped(arn);

    expect(await describeTask(arn)).toMatchObject({ launchType: 'FARGATE', lastStatus: 'STOPPED' });
  });

  it('runs the source with definition, overrides and secrets, and tells how it ended', async () => {
    job(
      'process.stdout.write([process.env.SAY, process.env.KEY, process.cwd().split("/").at(-1)].join("|")); process.exitCode = 3;',
    );
    const environment = [{ name: 'SAY', value: 'override' }];
    const arn = await run({
      overrides: { containerOverrides: [{ name: 'Main', environment }] },
      startedBy: 'me',
    });
    await stopped(arn);

    expect(output(arn)).toBe('override|value of arn:key|work');
    expect(await describeTask(arn)).toMatchObject({
      containers: [{ name: 'Main', exitCode: 3, lastStatus: 'STOPPED' }],
      stopCode: 'EssentialContainerExited',
      startedBy: 'me',
      startedAt: expect.any(Date),
    });
    expect(emitted.map(({ detail }) => detail.lastStatus)).toEqual(['PENDING', 'RUNNING', 'STOPPED']);
    expect(emitted[2]).toMatchObject({
      source: 'aws.ecs',
      detailType: 'ECS Task State Change',
      resources: [arn],
      detail: {
        taskArn: arn,
        clusterArn: 'arn:aws:ecs:us-east-1:000000000000:cluster/main',
        taskDefinitionArn: DEFINITION,
        stoppedReason: 'Essential container in task exited',
        overrides: { containerOverrides: [{ name: 'Main', environment }] },
        containers: [{ exitCode: 3 }],
        stoppedAt: expect.stringMatching(/^\d{4}-/),
      },
    });
  });

  it('answers a client token’s second use with the first task', async () => {
    job('');
    const clientToken = 'once';

    expect(await run({ clientToken })).toBe(await run({ clientToken }));
  });

  it('ends what the container left running', async () => {
    job(`const { spawn } = await import('node:child_process');
      process.stdout.write(String(spawn('sleep', ['60']).pid)); process.exit(0);`);
    const arn = await run();
    await stopped(arn);

    const state = () => spawnSync('ps', ['-o', 'stat=', '-p', output(arn)], { encoding: 'utf8' }).stdout;
    await expect.poll(state).toMatch(/^Z|^$/);
  });

  it.each([
    ['an unknown definition', { taskDefinition: 'other' }, 'TaskDefinition not found.'],
    ['an unknown cluster', { cluster: 'other' }, 'Cluster not found.'],
    [
      'an unknown container',
      { overrides: { containerOverrides: [{ name: 'Side' }] } },
      'Side is not a container',
    ],
    ['a command', { overrides: { containerOverrides: [{ name: 'Main', command: ['x'] }] } }, 'command'],
    ['several tasks', { count: 2 }, 'count'],
  ])('refuses %s', async (_, more, message) => {
    await expect(run(more)).rejects.toThrow(message);
  });
});

describe('StopTask', () => {
  it('asks, and after the stop timeout kills', async () => {
    job(HANG);
    const arn = await run();
    await expect.poll(() => output(arn)).toBe('up');
    await client.send(new StopTaskCommand({ cluster: 'main', task: arn, reason: 'enough' }));
    expect((await client.send(new ListTasksCommand({ cluster: 'main' }))).taskArns).toEqual([]);
    await stopped(arn);

    expect(await describeTask(arn)).toMatchObject({
      stopCode: 'UserInitiated',
      stoppedReason: 'enough',
      containers: [{ exitCode: 137 }],
    });
  });
});

/** A process runs the job as a task and is killed `milliseconds` after the task's start. */
async function startedBefore(milliseconds: number): Promise<string> {
  const script = fileURLToPath(new URL('../fixtures/ecs-host.ts', import.meta.url));
  const host = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(host.stdout, 'data');
  await setTimeout(milliseconds);
  host.kill('SIGKILL');
  await once(host, 'exit');
  return String(line).trim();
}

describe('after the process that started it was killed', () => {
  it('takes up a task that still runs, and learns its exit code', async () => {
    job("setTimeout(() => process.exit(7), 600); process.stdout.write('up');");
    const arn = await startedBefore(200);
    subject.resume();
    await stopped(arn);

    expect((await describeTask(arn))?.containers?.[0]?.exitCode).toBe(7);
    expect(emitted.map(({ detail }) => detail.lastStatus)).toEqual(['STOPPED']);
  });

  it('records a task that ended meanwhile, and one that was never started', async () => {
    job('setTimeout(() => process.exit(5), 200)');
    const arn = await startedBefore(50);
    await setTimeout(600);
    const rows = openRows(store);
    const definition = { arn: DEFINITION, family: 'job', source: 'job.ts', container: 'Main', image: 'x' };
    const sizes = { cpu: '256', memory: '512', environment: {}, secrets: {}, stopTimeoutSeconds: 1 };
    const never = taskOf({ cluster: 'main', taskDefinition: 'job' }, { ...definition, ...sizes }, Date.now());
    store.transaction(() => rows.insert(never, undefined));
    subject.resume();

    expect(await describeTask(arn)).toMatchObject({ lastStatus: 'STOPPED', containers: [{ exitCode: 5 }] });
    expect(await describeTask(never.taskArn)).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'TaskFailedToStart',
      stoppedReason: expect.stringMatching(/^CannotStartContainerError: /),
    });
  });

  it('does not take another process of the same number for the task', () => {
    expect(isAlive({ pid: process.pid, identity: 'another boot:1' })).toBe(false);
  });
});

describe('stop', () => {
  it('ends every task and records it', async () => {
    job(HANG);
    const arn = await run();
    await expect.poll(() => output(arn)).toBe('up');
    const { handle } = openRows(store).find(arn) ?? {};
    await subject.stop(0.2);

    expect(handle && isAlive(handle)).toBe(false);
    expect(openRows(store).find(arn)?.task).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'TerminationNotice',
    });
    expect(emitted.at(-1)?.detail.lastStatus).toBe('STOPPED');
  });
});
