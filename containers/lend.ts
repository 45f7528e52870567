import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { cp, readFile, realpath, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { choose, type Interpreter } from './python.ts';

const run = promisify(execFile);
const SAY = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';

/** Where tools that install interpreters for one user put them. */
const OWN = ['.pyenv/versions/*/bin/python3', '.local/share/uv/python/*/bin/python3'];

/** Paths of the interpreters that are this user's own. */
export function ownInterpreters(): string[] {
  return globSync(OWN.map((one) => join(homedir(), one)));
}

/**
 * A copy of an interpreter of ours for hands that may not enter our home, below a folder that they may enter. Undefined
 * when there is none that a `requires-python` allows.
 */
export async function lent(folder: string, requires: string): Promise<Interpreter | undefined> {
  const own = await Promise.all(
    ownInterpreters().map(async (path) => ({ path, version: await versionOf(path) })),
  );
  const found = own.flatMap(({ path, version }) =>
    version ? [{ version, argv: [path], installs: false }] : [],
  );
  const chosen = choose(found, requires);
  if (!chosen) return undefined;
  const binary = await realpath(chosen.argv[0] ?? '');
  const home = dirname(dirname(binary));
  const copy = join(folder, `python-${chosen.version}`);
  const isNeeded = (path: string) => !/\/(?:test|tests|__pycache__|site-packages\/(?!pip).*)$/.test(path);
  await cp(home, copy, { recursive: true, verbatimSymlinks: true, force: true, filter: isNeeded });
  const place = join(copy, binary.slice(home.length + 1));
  await writeFile(place, relocated(await readFile(binary), join(home, 'lib')));
  return { ...chosen, argv: [place] };
}

async function versionOf(path: string): Promise<string | undefined> {
  const { stdout } = await run(path, ['-c', SAY], { timeout: 10_000 }).catch(() => ({ stdout: '' }));
  return stdout.trim() || undefined;
}

/** A shared interpreter finds its library by the path that it was built at; beside itself, it finds it anywhere. */
function relocated(binary: Buffer, library: string): Buffer {
  const at = binary.indexOf(`${library}\0`);
  const beside = '$ORIGIN/../lib';
  if (at >= 0 && beside.length <= library.length)
    binary.write(beside.padEnd(library.length, '\0'), at, 'latin1');
  return binary;
}
