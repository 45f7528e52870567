import { createHash, randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { Fault } from '#core/fault.ts';
import { Config, type Credentials } from '#core/taps/credentials.ts';
import { CommandError, EXIT } from '../terminal.ts';

/** A config file as the place where credentials are kept: one run at a time, and never over somebody else's change. */
export function fileCredentials(path: string): Credentials {
  const lock = `${path}.signalbox-lock`;
  const read = async () => {
    const text = await readFile(path, 'utf8').catch(() => {
      throw new CommandError(`${path} cannot be read`, EXIT.notFound);
    });
    return { text, version: digest(text) };
  };
  return {
    read,
    async write(text, since) {
      const { version } = await read();
      if (version !== since)
        throw new Fault('Conflict', `${path} was changed meanwhile, and is left as it is`);
      const fresh = `${path}.${randomUUID()}`;
      await writeFile(fresh, text, { mode: (await stat(path)).mode & 0o777 });
      await rename(fresh, path);
      return digest(text);
    },
    async alone(work) {
      await taken(lock, path);
      try {
        return await work();
      } finally {
        await rm(lock, { force: true });
      }
    },
  };
}

/** The config in a file; what is wrong with it is not said in its own words. */
export function configIn(text: string, file: string): Config {
  try {
    return Config.parse(JSON.parse(text));
  } catch {
    throw new CommandError(`${file} is no JSON object`, EXIT.usage);
  }
}

/** The lock names its process: one that is dead holds nothing. */
async function taken(lock: string, path: string): Promise<void> {
  const own = `${lock}.${process.pid}`;
  await writeFile(own, String(process.pid), { mode: 0o600 });
  try {
    await link(own, lock);
  } catch {
    const holder = Number(await readFile(lock, 'utf8').catch(() => '0'));
    if (isAlive(holder))
      throw new CommandError(
        `${path} is in use by process ${holder}: two runs at once lose a rotated token`,
        EXIT.failed,
      );
    await rename(own, lock);
  } finally {
    await rm(own, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
