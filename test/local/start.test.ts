import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '#local/aws/ecs/process.ts';
import { openRows } from '#local/aws/ecs/rows.ts';
import { killSurvivors } from '#local/aws/ecs/survivors.ts';
import { openStore } from '#local/store.ts';
import { containersBegun, end, type Host, order, reaches, stateOf, synthesised, up } from './support/host.ts';

let assembly: string;
const hosts = new Set<Host>();

beforeAll(async () => {
  assembly = await synthesised();
});
// Some of these run at the same time, so that only the end of all may clear away what a failed one left.
afterAll(async () => {
  for (const host of hosts)
    if (host.process.exitCode === null && !host.process.killed) await down(host, 'SIGKILL');
});

const folder = () => mkdtempSync(join(tmpdir(), 'local-'));

async function boot(at: string): Promise<Host> {
  const host = await up(at, assembly);
  hosts.add(host);
  return host;
}

async function down(host: Host, signal: NodeJS.Signals): Promise<void> {
  hosts.delete(host);
  await end(host, signal);
}

async function executions({ aws, outputs }: Host) {
  const client = new SFNClient({
    endpoint: aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const stateMachineArn = outputs['FixtureService.MachineArn'];
  const { executions: all = [] } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
  client.destroy();
  return all.map(({ name, status }) => `${name} ${status}`);
}

/** Milliseconds that a process with nothing to do takes here and now. */
async function nodeStart(): Promise<number> {
  const began = performance.now();
  for (let at = 0; at < 5; at++) await once(spawn(process.execPath, ['-e', '0']), 'exit');
  return (performance.now() - began) / 5;
}

describe('a local instance', () => {
  it('takes a request through table, stream, bus, queue, machine and container, ready in the time of thirty-five starts of Node', async () => {
    const at = folder();
    const bare = await nodeStart();
    const host = await boot(at);
    await order(host, 'one');
    await reaches(host, 'one', 'done');

    await expect.poll(() => executions(host)).toEqual(['one SUCCEEDED']);
    expect(containersBegun(at)).toBe(1);
    expect(host.milliseconds).toBeLessThan(35 * bare);
    await down(host, 'SIGTERM');
  });

  it('gives a container its own environment and nothing of the machine’s', async () => {
    const at = folder();
    process.env.SECRET_OF_THIS_MACHINE = 'x';
    const host = await boot(at);
    await order(host, 'one');
    await reaches(host, 'one', 'done');
    await down(host, 'SIGTERM');
    const [task = ''] = readdirSync(join(at, 'tasks'));
    const seen = JSON.parse(readFileSync(join(at, 'tasks', task, 'stdout.log'), 'utf8')) as string[];

    expect(seen).toEqual(
      expect.arrayContaining(['AWS_ENDPOINT_URL', 'PATH', 'TABLE', 'TASK_TOKEN', 'THING']),
    );
    expect(
      seen.filter((name) => !/^(AWS_|PATH$|HOME$|TMPDIR$|TABLE$|TASK_TOKEN$|THING$|_$)/.test(name)),
    ).toEqual([]);
  });

  it('stops cleanly in the middle, leaves no process, and goes on at the next start', async () => {
    const at = folder();
    const first = await boot(at);
    await order(first, 'one');
    await expect.poll(() => tasksOf(at).some(({ alive }) => alive)).toBe(true);
    await down(first, 'SIGTERM');

    expect(tasksOf(at)).toEqual([{ status: 'STOPPED', alive: false }]);
    const second = await boot(at);
    await reaches(second, 'one', 'done');
    expect(second.product).toBe(first.product);
    expect(await executions(second)).toEqual(['one SUCCEEDED']);
    await down(second, 'SIGTERM');
  });

  it('does not share its folder, and says who has it', async () => {
    const at = folder();
    const host = await boot(at);

    await expect(up(at, assembly)).rejects.toThrow(`is in use by process ${host.process.pid} since`);
    await down(host, 'SIGKILL');
    await down(await boot(at), 'SIGTERM');
  });
});

describe('kill -9 in the middle', { timeout: 60_000 }, () => {
  it.concurrent.each([0, 15, 30, 60, 100, 200, 400, 700])('of the instance, after %i ms', async (moment) => {
    const at = folder();
    await killed(at, moment);
    const host = await goesOn(at);

    expect(await executions(host)).toEqual(['one SUCCEEDED']);
    expect(containersBegun(at)).toBe(1);
    await down(host, 'SIGTERM');
  });

  it.concurrent.each([60, 150, 300, 500])(
    'of the instance and its containers, after %i ms',
    async (moment) => {
      const at = folder();
      await killed(at, moment);
      const store = openStore(at);
      killSurvivors(store);
      store.close();
      const host = await goesOn(at);

      expect(await executions(host)).toEqual(['one SUCCEEDED']);
      await down(host, 'SIGTERM');
    },
  );
});

async function killed(at: string, moment: number): Promise<void> {
  const host = await boot(at);
  const ordered = order(host, 'one').catch(() => {});
  await setTimeout(moment);
  await down(host, 'SIGKILL');
  await ordered;
}

async function goesOn(at: string): Promise<Host> {
  const host = await boot(at);
  if ((await stateOf(host, 'one')) === 'none') await order(host, 'one');
  await reaches(host, 'one', 'done');
  while ((await executions(host))[0] === 'one RUNNING') await setTimeout(20);
  return host;
}

function tasksOf(at: string): { status: string; alive: boolean }[] {
  const store = openStore(at);
  const rows = openRows(store).all();
  store.close();
  return rows.map(({ task, handle }) => ({ status: task.lastStatus, alive: !!handle && isAlive(handle) }));
}
