import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Local } from '#local/instance.ts';
import type { Options } from '#local/options.ts';
import { start } from '#local/start.ts';
import { lambda, machine, writeAssembly } from './template.ts';
import { worldOf } from './world.ts';

const cli = fileURLToPath(new URL('../../bin/cli.ts', import.meta.url));
const functions = fileURLToPath(new URL('.', import.meta.url));

let root: string;
let folder: string;
const running = new Set<Local>();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'start-'));
  folder = join(root, 'data');
  writeFileSync(join(root, 'journal'), '');
  template({});
});
afterEach(async () => {
  for (const local of running) await local.stop();
  running.clear();
  rmSync(root, { recursive: true, force: true });
});

const template = (resources: Record<string, object>) => writeAssembly(join(root, 'assembly'), resources);

async function boot(options: Partial<Options> = {}): Promise<Local> {
  const local = await start({
    root: functions,
    folder,
    assembly: join(root, 'assembly'),
    parameters: () => ({ Journal: join(root, 'journal') }),
    ports: { product: 0, aws: 0, mailbox: 0 },
    ...options,
  });
  running.add(local);
  return local;
}

async function stop(local: Local): Promise<void> {
  running.delete(local);
  await local.stop();
}

async function listening(port = 0) {
  const server = createServer().listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}

describe('starting', () => {
  it('goes on with what a kill left half written of ports and holder', async () => {
    const first = await boot();
    await stop(first);
    for (const file of ['ports.json', 'holder.json']) writeFileSync(join(folder, file), '{"pro');

    await stop(await boot());
  });

  it('is empty after --fresh was cut off, whatever files that left', async () => {
    template({ Bucket: { Type: 'AWS::S3::Bucket', Properties: {} } });
    const first = await boot();
    const { rest, ref } = worldOf(first, join(root, 'journal'));
    const path = `/${ref('Bucket')}/key`;
    await rest({ service: 's3', method: 'PUT', path, body: 'old' });
    const left = join(root, 'left');
    cpSync(folder, left, { recursive: true });
    rmSync(join(left, 'aws.sqlite'));
    const second = await boot({ folder: left });

    expect(readdirSync(left)).toContain('aws.sqlite-wal');
    expect(await worldOf(second, '').rest({ service: 's3', method: 'GET', path })).toMatchObject({
      status: 404,
    });
    expect(readdirSync(join(left, 's3'))).toEqual([]);
  });

  it('takes another port where any will do and the remembered one is taken', async () => {
    const first = await boot();
    const port = Number(new URL(first.url('aws')).port);
    await stop(first);
    const other = await listening(port);
    const second = await boot();

    expect(second.url('aws')).not.toBe(first.url('aws'));
    expect(second.url('product')).toBe(first.url('product'));
    await expect(boot({ folder: join(root, 'other'), ports: { aws: port } })).rejects.toThrow(
      `Port ${port}, meant for the aws, is taken`,
    );
    other.close();
  });

  it('keeps what is in its folder from other users, also where it was open to them', async () => {
    mkdirSync(folder, { mode: 0o755 });
    await boot();

    expect(statSync(folder).mode & 0o077).toBe(0);
  });

  it('empties nothing that another process uses, and doctor says who that is', async () => {
    const first = await boot();
    const args = [cli, '--json', 'start', '--fresh', '--folder', folder, '--port', '0'];
    const second = await promisify(execFile)(process.execPath, args).catch(({ code, stderr }) => ({
      code,
      stderr,
    }));
    const doctor = [cli, '--json', 'doctor', '--folder', folder];
    const { stdout } = await promisify(execFile)(process.execPath, doctor);
    const held = `in use by process ${process.pid} since `;

    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(held) });
    expect(stdout).toContain(held);
    expect(first.store.sql('SELECT count(*) AS n FROM states_machines').get()).toEqual({ n: 0 });
  });
});

describe('started again with another template', () => {
  const waits = (said: string) =>
    machine({
      StartAt: 'Sleep',
      States: {
        Sleep: { Type: 'Wait', Seconds: 60, Next: said },
        [said]: { Type: 'Pass', Output: said, End: true },
      },
    });

  it('ends a running execution by the definition that it began with, a new one by the new', async () => {
    template({ Machine: waits('old') });
    const before = await boot();
    const { aws, ref } = worldOf(before, join(root, 'journal'));
    await aws('AWSStepFunctions.StartExecution', { stateMachineArn: ref('Machine'), name: 'running' });
    await stop(before);
    template({ Machine: waits('new') });
    const world = worldOf(await boot(), join(root, 'journal'));
    await world.aws('AWSStepFunctions.StartExecution', { stateMachineArn: ref('Machine'), name: 'later' });
    const output = (name: string) =>
      world.until(name, async () => {
        const executionArn = `${ref('Machine').replace(':stateMachine:', ':execution:')}:${name}`;
        return (await world.aws('AWSStepFunctions.DescribeExecution', { executionArn })).output;
      });

    expect([await output('running'), await output('later')]).toEqual(['"old"', '"new"']);
  });

  it('drops what waited for a function that is gone', async () => {
    template({ Take: lambda('take') });
    const before = await boot();
    const name = before.assembly.resources.find(({ id }) => id === 'Take')?.name ?? '';
    // What a kill between acceptance and call leaves.
    before.store.transaction(() =>
      before.store
        .sql('INSERT INTO lambda_later VALUES (?, ?, ?, 0, 0, 0)')
        .run('one', name, '{"Records":[]}'),
    );
    await stop(before);
    template({});
    const after = await boot();

    await expect
      .poll(() => after.store.sql('SELECT count(*) AS n FROM lambda_later').get())
      .toEqual({ n: 0 });
  });
});
