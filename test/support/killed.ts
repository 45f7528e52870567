import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { approveByPage, askedByMail } from '../../bin/demo/approver.ts';
import type { Trip } from '../crash/tripwire.ts';
import { tablesAt } from './aws-client.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A product that is killed and started again in one folder, on the same ports, and a person who presses Approve until it counts. */
export interface Killable {
  folder: string;
  mailbox: string;
  forge: string;
  /** Starts it, with the demo ticket, and does not wait until it answers. With `trip` it dies at a durable step. */
  start(trip?: Trip & { whom: 'main' | 'group' }): void;
  /** Resolves when it has died of itself. */
  died(): Promise<unknown>;
  /** What its processes have written to stderr. */
  said(): string;
  /** Durable steps that a process with a trip has passed; 0 when it had no time to say. */
  steps(): number;
  /** SIGKILL: of the main process alone, or of it and everything that it started. */
  kill(whom: 'main' | 'group'): Promise<void>;
  /** Approves as soon as there is a link, whatever dies meanwhile; ends when an answer says so, or with `end`. */
  approve(): Promise<void>;
  /** Every row of a table, by the name of its construct. */
  rows(table: string): Promise<Record<string, unknown>[]>;
  pulls(): Promise<{ head: { ref: string } }[]>;
  end(): Promise<void>;
}

export async function killable(): Promise<Killable> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-kill-'));
  const port = await fivePorts();
  const forge = `http://localhost:${port + 2}`;
  const mailbox = `http://localhost:${port + 3}`;
  const tables = tablesAt(`http://127.0.0.1:${port + 1}`);
  let child: ChildProcess | undefined;
  let over = false;
  let died: Promise<unknown> = Promise.resolve();

  async function kill(whom: 'main' | 'group'): Promise<void> {
    if (!child?.pid || child.exitCode !== null) return;
    const doomed = whom === 'group' ? descendants(child.pid) : [];
    for (const pid of [child.pid, ...doomed]) tryKill(pid);
    if (child.signalCode === null) await once(child, 'exit');
  }

  return {
    folder,
    forge,
    mailbox,
    kill,
    died: () => died,
    said: () => readFileSync(`${folder}.said`, 'utf8'),
    steps: () => (existsSync(`${folder}.steps`) ? Number(readFileSync(`${folder}.steps`, 'utf8')) : 0),
    start: (trip) => {
      const args = trip
        ? ['test/crash/product.ts', folder, String(port), String(trip.step), trip.moment, trip.whom]
        : ['bin/cli.ts', '--json', 'start', '--folder', folder, '--port', String(port)];
      child = spawn(process.execPath, args, {
        cwd: root,
        stdio: ['ignore', 'ignore', openSync(`${folder}.said`, 'a')],
        env: { ...process.env, ANTHROPIC_API_KEY: '' },
      });
      died = once(child, 'exit');
    },
    approve: async () => {
      while (!over) {
        const done = await askedByMail(mailbox, 'approver@demo.example', /^Decide/, 2)
          .then((asked) => approveByPage(asked))
          .then(
            () => true,
            () => false,
          );
        if (done) return;
        await sleep(100);
      }
    },
    rows: tables.rows,
    pulls: async () => {
      const { forgeToken } = JSON.parse(readFileSync(join(folder, 'demo-keys.json'), 'utf8'));
      const headers = { authorization: `Bearer ${forgeToken}` };
      return (await fetch(`${forge}/api/v3/repos/acme/tap-orders/pulls?state=all`, { headers })).json();
    },
    end: async () => {
      over = true;
      await kill('group');
      tables.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      for (const end of ['steps', 'said']) rmSync(`${folder}.${end}`, { force: true });
    },
  };
}

/** Everything that a process started, however deep, whatever process group it is in. */
export function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    rows.filter(([, ppid]) => ppid === parent).flatMap(([id]) => [id, ...below(id)]);
  return below(pid);
}

export function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was gone already.
  }
}

/** The first of five free ports in a row, below those that the system gives to whoever connects while it is dead. */
async function fivePorts(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await Promise.all([0, 1, 2, 3, 4].map((offset) => isFree(first + offset)));
    if (free.every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((tell) => {
    const probe = createServer();
    probe.once('error', () => tell(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => tell(true)));
  });
}
