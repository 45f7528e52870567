import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** The data folder cannot be read or written; the message says what to do, `cause` what the system said. */
export class DiskError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'DiskError';
  }
}

const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG', 'SQLITE 13'];
const DAMAGED = ['SQLITE 11', 'SQLITE 26'];
const FAILING = ['EIO', 'SQLITE 10'];
const UNWRITABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'SQLITE 8', 'SQLITE 14'];

/** What to tell when `error` is the disk's; undefined when it is not. */
export function diskError(folder: string, error: unknown): DiskError | undefined {
  if (error instanceof DiskError) return error;
  const { code = '', errcode = 0, message } = error as { code?: string; errcode?: number; message: string };
  const what = code === 'ERR_SQLITE_ERROR' ? `SQLITE ${errcode & 0xff}` : code;
  const tell = (text: string) => new DiskError(`${text} (${message})`, error);
  if (FULL.includes(what))
    return tell(
      `The disk under ${folder} is full. Nothing that was answered is lost: free space, and start again`,
    );
  if (FAILING.includes(what))
    return tell(
      `The disk under ${folder} fails. Nothing that was answered is lost: repair it, or copy the folder to another`,
    );
  if (DAMAGED.includes(what))
    return tell(
      `The data in ${folder} is damaged. Put back a copy of the folder, or start over with --fresh`,
    );
  if (UNWRITABLE.includes(what))
    return tell(`${folder} cannot be written. Make it writable, or choose another with --folder`);
  return undefined;
}

/** Makes a folder and those above it. Node's own recursion never ends below /proc. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

/** Replaces a file so that a crash leaves either the old text or the new. */
export function replaceFile(file: string, text: string, mode = 0o644): void {
  writeFileSync(`${file}.part`, text, { mode });
  renameSync(`${file}.part`, file);
}
