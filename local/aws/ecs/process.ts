import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

/** A container's process as it survives this one: its group is its pid. */
export interface Handle {
  pid: number;
  /** When it was started, so that another process which got its number later is not taken for it. */
  identity: string;
}

export interface Launched extends Handle {
  child: ChildProcess;
  /** Lets it begin. Until then it waits, and ends by itself if this process dies first. */
  go(): void;
}

interface Wanted {
  /** Absolute path of the file that Node runs. */
  entry: string;
  /** Holds `work/`, where it runs, its output and, once it has ended, its exit code. */
  folder: string;
  env: Record<string, string>;
}

/**
 * Waits for the word to go, runs the command, and leaves its exit code in a file for whoever is there by then. Signals
 * to the group reach the command itself; this shell only outlives them.
 */
const WRAPPER = `trap : TERM INT HUP
read -r go <&3 || exit 125
exec 3<&-
unset PWD OLDPWD SHLVL
"$@"
code=$?
echo "$code" > "$0.part" && mv "$0.part" "$0"
exit "$code"`;

/** Starts the container's process in a group of its own, held back until `go`. Throws when it cannot be started. */
export function launch({ entry, folder, env }: Wanted): Launched {
  mkdirSync(join(folder, 'work'), { recursive: true });
  const out = openSync(join(folder, 'stdout.log'), 'a');
  const err = openSync(join(folder, 'stderr.log'), 'a');
  const child = spawn('/bin/sh', ['-c', WRAPPER, join(folder, 'exit'), process.execPath, entry], {
    cwd: join(folder, 'work'),
    env,
    detached: true,
    stdio: ['ignore', out, err, 'pipe'],
  });
  closeSync(out);
  closeSync(err);
  child.on('error', () => {});
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => {});
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  if (child.pid === undefined || identity === undefined)
    throw new Error(`The process of ${entry} did not start`);
  child.unref();
  return { child, pid: child.pid, identity, go: () => gate.end('go\n') };
}

/** Whether this very process still runs; one that has ended but is not yet collected does not. */
export function isAlive({ pid, identity }: Handle): boolean {
  return identityOf(pid) === identity;
}

/** Signals the process and everything that it started. */
export function signal({ pid }: Handle, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    // Gone already, or (on macOS) only its uncollected remains are left.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** The exit code that the process left; undefined when it was killed before it could. */
export function exitCode(folder: string): number | undefined {
  try {
    return Number(readFileSync(join(folder, 'exit'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Boot and start time of a running process; undefined for one that is gone or a zombie. */
function identityOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return startedAccordingToPs(pid);
  try {
    // The command, in brackets, may itself hold spaces and brackets; state is the field after it, start time the 22nd.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\)\s/s, '')
      .split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

function startedAccordingToPs(pid: number): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [state = 'Z', ...started] = (stdout ?? '').trim().split(/\s+/);
  return state.startsWith('Z') || started.length === 0 ? undefined : started.join(' ');
}
