import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** The local AWS in a process of its own. */
export interface Engine {
  child: ChildProcess;
  endpoint: string;
  /** From the process's start until it listened. */
  milliseconds: number;
}

async function engine(folder: string): Promise<Engine> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'host.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  const [line] = await once(lines, 'line');
  const { port, milliseconds } = JSON.parse(line);
  return { child, endpoint: `http://127.0.0.1:${port}`, milliseconds };
}

/** Works with a process, then kills it, as the power might. */
export async function killedAfter<T>(child: ChildProcess, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** Works with the local AWS on a folder until it is killed. */
export async function withEngine<T>(folder: string, work: (engine: Engine) => Promise<T>): Promise<T> {
  const started = await engine(folder);
  return killedAfter(started.child, () => work(started));
}

/** Works in a folder that is gone afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Megabytes: the most that a process has held, and what it holds now. */
export function memory({ pid }: ChildProcess): { peak: number; now: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return { peak: of('VmHWM'), now: of('VmRSS') };
}

/** The share of one core that a process takes over some seconds, in per cent. */
export async function load({ pid }: ChildProcess, seconds: number): Promise<number> {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  await sleep(seconds * 1000);
  return Math.round(((ticks() - before) / seconds) * 10) / 10;
}
