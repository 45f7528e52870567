import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Fault } from '#core/fault.ts';
import type { Hands } from '../hands.ts';

/** Files of the work tree, read and written by the hands: a link out of the tree leads only to what they may see anyway. */
export interface Files {
  /** Undefined when there is none. */
  read(path: string): Promise<string | undefined>;
  write(path: string, text: string): Promise<void>;
}

const MOST_BYTES = 1_000_000;
const COMMON = `
import os, sys
path = sys.argv[1]
root = os.path.realpath(".")
if os.path.commonpath([root, os.path.realpath(path)]) != root: sys.exit(7)
`;
const READ = `${COMMON}
if not os.path.lexists(path): sys.exit(8)
if not os.path.isfile(path): sys.exit(9)
with open(path, "rb") as file: sys.stdout.buffer.write(file.read(${MOST_BYTES + 1}))
`;
const WRITE = `${COMMON}
if os.path.islink(path): sys.exit(7)
os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
text = sys.stdin.buffer.read()
with open(path, "wb") as file: file.write(text)
`;

export function files(hands: Hands, root: string): Files {
  const run = (script: string, path: string, input?: string) =>
    hands.run({ argv: ['python3', '-I', '-S', '-c', script, inside(path)], cwd: root, limit: 20_000, input });
  return {
    read: async (path) => {
      const { code, stdout, output } = await run(READ, path);
      if (code === 8) return undefined;
      if (code === 7) throw outside(path);
      if (code === 9) throw new Fault('Invalid', `${path} is not a plain file`);
      if (code !== 0) throw new Fault('Invalid', `${path} cannot be read: ${output.slice(0, 300)}`);
      if (Buffer.byteLength(stdout) > MOST_BYTES)
        throw new Fault('Invalid', `${path} is larger than ${MOST_BYTES} bytes`);
      return stdout;
    },
    write: async (path, text) => {
      const { code, output } = await run(WRITE, path, text);
      if (code === 7) throw outside(path);
      if (code !== 0) throw new Fault('Invalid', `${path} cannot be written: ${output.slice(0, 300)}`);
    },
  };
}

/** A path within the work tree, relative to its root, beginning with `./`. Throws `Invalid` for any other, and for git's own files. */
export function inside(path: string): string {
  const plain = posix.normalize(path);
  if (posix.isAbsolute(plain) || plain.split('/').includes('..') || plain.includes('\0')) throw outside(path);
  if (plain.split('/').includes('.git'))
    throw new Fault('Invalid', 'Git files are not yours to read or change');
  return `./${plain}`;
}

function outside(path: string): Fault {
  return new Fault('Invalid', `${path} is outside the work tree; use a path relative to its root`);
}

/** Tells whether a text is the one seen before. */
export function mark(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
