import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListStateMachinesCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Project } from '#core/projects/project.ts';
import { type RunningProduct, session, startedProduct } from '../support/product.ts';

const ROOT = resolve(import.meta.dirname, '../..');
let path: string;
beforeAll(() => {
  path = withoutSetpriv();
});
afterAll(() => rmSync(path, { recursive: true, force: true }));

/** Every program on the path but the one that gives commands a user of their own: what a lesser machine has. */
function withoutSetpriv(): string {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-path-'));
  const taken = new Set(['setpriv']);
  for (const from of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of namesIn(from)) {
      if (taken.has(name)) continue;
      taken.add(name);
      symlinkSync(join(from, name), join(folder, name));
    }
  }
  return folder;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => isProgram(join(folder, name)));
  } catch {
    return []; // not every folder on a path is there
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

it('a lesser machine says so, and works for nobody whom no lead trusts', () => {
  const args = ['bin/cli.ts', '--json', 'doctor', '--folder', join(path, 'data')];
  const said = execFileSync(process.execPath, args, { cwd: ROOT, env: { ...process.env, PATH: path } });
  const found: { what: string; state: string; detail: string }[] = JSON.parse(String(said));

  expect(found.find(({ what }) => what === 'user for commands')).toMatchObject({
    state: 'optional',
    detail: expect.stringMatching(/^not here; takes Linux, root and .*setpriv.*--unsandboxed$/),
  });
});

/** As a lead does it who takes the mark of trust away. */
async function distrust(product: RunningProduct): Promise<void> {
  const headers = { authorization: `Bearer ${await session(product, 'lead@demo.example')}` };
  const url = `${product.dashboard}/api/projects`;
  const { projects }: { projects: Project[] } = await (await fetch(url, { headers })).json();
  for (const { id, org: _, ...project } of projects) {
    const repositories = project.repositories.map(({ trustedReporters: _, ...one }) => one);
    const body = JSON.stringify({ ...project, repositories });
    expect((await fetch(`${url}/${id}`, { method: 'PUT', headers, body })).status).toBe(200);
  }
}

/** Has the weekly look at the taps begin, and answers what its containers say in the end. */
async function looked({ aws: endpoint, folder }: RunningProduct): Promise<string> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const machines = new SFNClient({ endpoint, region: 'us-east-1', credentials });
  const { stateMachines = [] } = await machines.send(new ListStateMachinesCommand({}));
  const stateMachineArn = stateMachines.find(({ name }) => /Taps/.test(name ?? ''))?.stateMachineArn;
  await machines.send(new StartExecutionCommand({ stateMachineArn, input: '{}' }));
  machines.destroy();
  for (;;) {
    const logs = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /std(out|err)\.log$/.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('');
    if (/task (answered|failed)/.test(logs)) return logs;
    await sleep(100);
  }
}

it.each([
  [[], 'refused', /acme\/tap-orders is not marked as trusted, and .*no second user for commands/],
  [['--unsandboxed'], 'done', /task answered.*discovered/],
])('started with %j there, work that nobody trusts is %s', { timeout: 90_000 }, async (flags, _, end) => {
  const before = process.env.PATH;
  process.env.PATH = path;
  const product = await startedProduct('--no-demo', ...flags).finally(() => {
    process.env.PATH = before;
  });
  try {
    await distrust(product);
    expect(await looked(product)).toMatch(end);
  } finally {
    await product.stop();
  }
});
