import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readTemplates } from './assembly.ts';
import { killSurvivors } from './aws/ecs/survivors.ts';
import { diskError } from './disk.ts';
import { type Doors, instance, type Local } from './instance.ts';
import { LOCK_FILES, lockFolder } from './lock.ts';
import type { Options } from './options.ts';
import { DEFAULT_PORTS, type Door, listen, rememberedPorts, rememberPorts } from './ports.ts';
import { openStore } from './store.ts';
import { synthesise } from './synthesise.ts';

/** Starts, or continues, the product on this machine. Throws, in words for the user, when it cannot. */
export async function start(given: Options): Promise<Local> {
  const options = { ...given, folder: resolve(given.folder) };
  try {
    return await begin(options);
  } catch (error) {
    throw diskError(options.folder, error) ?? error;
  }
}

async function begin(options: Options): Promise<Local> {
  const unlock = lockFolder(options.folder);
  const doors: Doors = {};
  const close = async () => {
    for (const door of Object.values(doors)) await door.close();
    unlock();
  };
  try {
    if (options.fresh) empty(options.folder);
    await open(options, doors);
    const templates = readTemplates(await assemblyOf(options));
    const local = await instance(options, templates, doors);
    return { ...local, stop: () => local.stop().finally(unlock) };
  } catch (error) {
    await close();
    throw error;
  }
}

function empty(folder: string): void {
  try {
    const store = openStore(folder);
    killSurvivors(store);
    store.close();
  } catch (error) {
    if (!diskError(folder, error)) throw error; // what is damaged goes as well
  }
  // The database goes first: what a kill leaves of the rest belongs to nothing.
  rmSync(join(folder, 'aws.sqlite'), { force: true });
  const names = readdirSync(folder).filter((name) => !LOCK_FILES.includes(name));
  for (const name of names) rmSync(join(folder, name), { recursive: true, force: true });
}

async function assemblyOf({ root, app = 'bin/app.ts', assembly, folder }: Options): Promise<string> {
  if (assembly) return assembly;
  const out = join(folder, 'cdk.out');
  if (existsSync(out)) rmSync(out, { recursive: true });
  await synthesise(root, app, out);
  return out;
}

/** A port is what was asked for, else what it was last time, else the usual one. Where any will do, a taken one is left. */
async function open({ folder, ports = {}, companions = {} }: Options, doors: Doors): Promise<void> {
  const before = rememberedPorts(folder);
  const names = (Object.keys(DEFAULT_PORTS) as Door[]).filter(
    (door) => (door !== 'forge' && door !== 'model') || companions[door],
  );
  for (const door of names) {
    const port = (ports[door] || before[door]) ?? ports[door] ?? DEFAULT_PORTS[door];
    doors[door] = await listen(door, port).catch((error) =>
      ports[door] === 0 ? listen(door, 0) : Promise.reject(error),
    );
  }
  const now = Object.entries(doors).map(([door, { port }]) => [door, port]);
  rememberPorts(folder, { ...before, ...Object.fromEntries(now) });
}
