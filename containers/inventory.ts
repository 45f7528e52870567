import { chmod, cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { Inventory } from '#core/taps/inventory.ts';
import type { Hands } from './hands.ts';
import { NAMES } from './python.ts';

export interface Reader {
  hands: Pick<Hands, 'run' | 'own'>;
  /** One that every user may enter. */
  folder: string;
  signal?: AbortSignal;
  /** Paths of interpreters instead of names with versions, each of which may be slow to fail. */
  interpreters?: string[];
}

const LIMIT = 120_000;
const NO_PYTHON = 125;
/** Starts the newest interpreter there is: syntax that it does not know yet is a file that is not read. */
const NEWEST = `
best=308 newest=
for python in $INTERPRETERS; do
  version=$("$python" -I -S -c 'import sys; print("%d%02d" % sys.version_info[:2])' 2>/dev/null) || continue
  [ "$version" -gt "$best" ] && best=$version newest=$python
done
[ -n "$newest" ] && exec "$newest" -I -S -B -W ignore "$@"
exit ${NO_PYTHON}`;

/** What a project's code says about its endpoints: parsed by the newest Python there is, never imported or run. */
export async function inventoryOf(reader: Reader, project: string): Promise<Inventory> {
  const { hands, folder, signal, interpreters = [] } = reader;
  const scripts = await scriptsFor(reader);
  const argv = ['sh', '-c', NEWEST, 'sh', scripts, project];
  const env = {
    INTERPRETERS: (interpreters.length > 0 ? ['python3', '/usr/bin/python3', ...interpreters] : NAMES).join(
      ' ',
    ),
  };
  const { code, stdout, stderr, timedOut } = await hands.run({
    argv,
    cwd: folder,
    limit: LIMIT,
    signal,
    env,
  });
  if (code === NO_PYTHON)
    throw new Fault(
      'Unavailable',
      'There is no Python 3.9 or later to parse with. Install one, then try again',
    );
  if (timedOut)
    throw new Fault('Invalid', `Reading the code took longer than ${LIMIT / 1_000} s, and was ended`);
  if (code !== 0) throw new Fault('Invalid', `The code could not be read: ${stderr.trim().slice(-500)}`);
  return parseJson(Inventory, stdout);
}

/** A copy that the hands may read: the product's own files are not theirs to see. */
async function scriptsFor({ hands, folder }: Reader): Promise<string> {
  const copy = join(folder, 'inventory');
  await cp(join(import.meta.dirname, 'inventory'), copy, { recursive: true });
  for (const name of await readdir(copy)) await chmod(join(copy, name), 0o644);
  await hands.own(copy);
  return copy;
}
