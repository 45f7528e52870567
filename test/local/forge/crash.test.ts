import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { discard, git, octokit, pushBranch, temporary } from './open.ts';

const at = { owner: 'acme', repo: 'tap' };
const folder = temporary('crash');
const told: string[] = [];
let child: ChildProcess | undefined;

const receiver = createServer(async (request, response) => {
  const { action, pull_request } = JSON.parse((await request.toArray()).join(''));
  if (pull_request) told.push(`${pull_request.head.ref} ${action} ${pull_request.merged}`);
  response.writeHead(204).end();
});
beforeAll(() => new Promise<void>((done) => void receiver.listen(0, '127.0.0.1', done)));
afterAll(async () => {
  child?.kill('SIGKILL');
  receiver.closeAllConnections();
  receiver.close();
  discard();
});

async function start(): Promise<{ origin: string }> {
  const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  child = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), folder, hook], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [origin] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { origin: String(origin).trim() };
}

async function kill(): Promise<void> {
  child?.kill('SIGKILL');
  if (child) await once(child, 'exit');
}

/** What a client does that may be repeated after a crash: look first, then open and merge what is not yet. */
async function openAndMerge(forge: { origin: string }, head: string): Promise<void> {
  const { rest } = octokit(forge);
  const { data: found } = await rest.pulls.list({ ...at, head: `acme:${head}`, state: 'all' });
  const pull = found[0] ?? (await rest.pulls.create({ ...at, title: head, head, base: 'main' })).data;
  if (pull.state === 'open') await rest.pulls.merge({ ...at, pull_number: pull.number });
}

it.each([0, 20, 40, 60, 90, 130])(
  'one pull request, one merge, both told, if killed after %d ms',
  async (delay) => {
    const head = `fix/after-${delay}`;
    const first = await start();
    await pushBranch(first, head, { [`${delay}.py`]: 'x = 1\n' });
    const interrupted = openAndMerge(first, head).catch(() => {});
    await new Promise((later) => setTimeout(later, delay));
    await kill();
    await interrupted;

    const second = await start();
    await openAndMerge(second, head);
    const { data } = await octokit(second).rest.pulls.list({ ...at, head: `acme:${head}`, state: 'all' });
    expect(data).toHaveLength(1);
    expect(data[0]?.merged_at).toBeTruthy();
    const merges = await git(join(folder, 'forge/acme/tap.git'), 'log', '--merges', '--format=%s', 'main');
    expect(merges.split('\n').filter((line) => line.endsWith(head))).toHaveLength(1);
    await vi.waitFor(() => {
      expect(told).toContain(`${head} opened false`);
      expect(told).toContain(`${head} closed true`);
    }, 3000);
    await kill();
  },
);
