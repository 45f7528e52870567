import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { log } from '#adapters/log.ts';

/** Milliseconds after which what cannot be ended is an error, and what is dead and in nobody's care is left. */
const PATIENCE = 10_000;
const DEAD_PATIENCE = 3_000;

/**
 * Ends every process of a user, and waits until none is left: the dying and the dead count as its processes, and the
 * next command would be refused for their number. Throws when one lives on.
 */
export async function sweepUser(uid: number, kill: () => Promise<unknown>): Promise<void> {
  for (const began = Date.now(); ; await sleep(10)) {
    const left = processesOf(uid);
    if (left.length === 0) return;
    const living = left.filter(({ isDead }) => !isDead);
    const waited = Date.now() - began;
    if (living.length > 0) await kill();
    else if (waited > DEAD_PATIENCE) {
      log.warn('dead processes are in nobody’s care: run this container with an init process', {
        left: pids(left),
      });
      return;
    }
    if (waited > PATIENCE) throw new Error(`Processes of user ${uid} cannot be ended: ${pids(living)}`);
  }
}

function pids(left: Left[]): string {
  return left.map(({ pid }) => pid).join(', ');
}

interface Left {
  pid: string;
  isDead: boolean;
}

/** By what the kernel says of each: the owner of a folder in /proc is what a process may choose. */
function processesOf(uid: number): Left[] {
  return readdirSync('/proc').flatMap((pid) => {
    const status = /^\d+$/.test(pid) ? statusOf(pid) : '';
    const isTheirs = new RegExp(`^Uid:(\\t\\d+)*\\t${uid}\\b`, 'm').test(status);
    return isTheirs ? [{ pid, isDead: /^State:\t[ZX]/m.test(status) }] : [];
  });
}

/** Nothing for one that is gone by now. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
