import { readFileSync, rmSync } from 'node:fs';
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
  const lock = new DatabaseSync(join(folder, 'lock.sqlite'));
  try {
    lock.exec('PRAGMA busy_timeout=0; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause;
    throw new Error(
      `${resolve(folder)} is in use by ${holder(folder)}; stop that first, or choose another folder`,
      {
        cause,
      },
    );
  }
  const file = join(folder, 'holder.json');
  replaceFile(file, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }));
  return () => {
    rmSync(file, { force: true });
    lock.close();
  };
}

function holder(folder: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(join(folder, 'holder.json'), 'utf8'));
    return `process ${pid} since ${since}`;
  } catch {
    return 'another process';
  }
}
