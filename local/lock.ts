import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder, replaceFile } from './disk.ts';

/** What the lock keeps in the folder; emptying the folder leaves these. */
export const LOCK_FILES = ['lock.sqlite', 'lock.sqlite-journal', 'holder.json'];

const SQLITE_BUSY = 5;

/**
 * Takes the folder for this process, and answers how to give it back. The operating system holds the lock, so that one
 * that a killed process held is free at once. Throws, and says who holds it, when another process does.
 */
export function lockFolder(folder: string): () => void {
  makeFolder(folder);
  keepToOurselves(folder);
  const lock = taken(folder);
  if (!lock) {
    const advice = 'stop that first, or choose another folder';
    throw new Error(`${resolve(folder)} is in use by ${holder(folder)}; ${advice}`);
  }
  const file = join(folder, 'holder.json');
  replaceFile(file, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }));
  return () => {
    rmSync(file, { force: true });
    lock.close();
  };
}

/** Secrets are in it, and commands of repositories run on this machine as other users. */
function keepToOurselves(folder: string): void {
  if (statSync(folder).uid === process.getuid?.()) chmodSync(folder, 0o700);
}

/** Who uses the folder now; undefined when nobody does. */
export function holderOf(folder: string): string | undefined {
  if (!existsSync(join(folder, 'lock.sqlite'))) return undefined;
  const lock = taken(folder);
  lock?.close();
  return lock ? undefined : holder(folder);
}

function taken(folder: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(join(folder, 'lock.sqlite'));
  try {
    lock.exec('PRAGMA busy_timeout=0; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

function holder(folder: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(join(folder, 'holder.json'), 'utf8'));
    return `process ${pid} since ${since}`;
  } catch {
    return 'another process';
  }
}
