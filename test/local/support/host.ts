import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { synthesise } from '#local/synthesise.ts';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** A local AWS in a process group of its own. */
export interface Host {
  process: ChildProcess;
  product: string;
  aws: string;
  outputs: Record<string, string>;
  /** From the process's start until it listened. */
  milliseconds: number;
}

/** Synthesises the fixture app once for a test file; answers the folder. */
export async function synthesised(): Promise<string> {
  const out = join(mkdtempSync(join(tmpdir(), 'assembly-')), 'cdk.out');
  await synthesise(fixtures, 'app.ts', out);
  return out;
}

export async function up(folder: string, assembly: string): Promise<Host> {
  const child = spawn(process.execPath, [join(fixtures, 'host.ts'), folder, assembly], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let problem = '';
  child.stderr?.on('data', (text) => {
    problem += text;
  });
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'close').then(() => [''])]);
  if (!line) throw new Error(`The host ended at once: ${problem}`);
  return { process: child, ...JSON.parse(line) };
}

/** Ends the host's whole process group and waits until it is gone. */
export async function end(host: Host, signal: NodeJS.Signals): Promise<void> {
  const gone = once(host.process, 'exit');
  process.kill(-(host.process.pid as number), signal);
  await gone;
}

/** Asks for a thing as a webhook's sender would: again, until it is accepted. */
export async function order({ product }: Host, id: string): Promise<void> {
  const { status } = await fetch(`${product}/things/${id}`, { method: 'PUT' });
  if (status !== 200 && status !== 201) throw new Error(`PUT was answered with ${status}`);
}

export async function stateOf({ product }: Host, id: string): Promise<string> {
  const response = await fetch(`${product}/things/${id}`);
  return ((await response.json()) as { state: string }).state;
}

/** Resolves once the thing is in that state. */
export async function reaches(host: Host, id: string, state: string, seconds = 15): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while ((await stateOf(host, id)) !== state) {
    if (Date.now() > deadline) throw new Error(`${id} is still ${await stateOf(host, id)}`);
    await setTimeout(50);
  }
}

/** How many containers began their work: each prints a line first. */
export function containersBegun(folder: string): number {
  const tasks = join(folder, 'tasks');
  return readdirSync(tasks).filter((id) => statSync(join(tasks, id, 'stdout.log')).size > 0).length;
}
