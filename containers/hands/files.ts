import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Of an archive, so that neither side can fill the other's disk. */
const MOST_BYTES = 2_000_000_000;

/** Writes a file or folder into a stream, as it is. */
export async function pack(path: string, to: Writable): Promise<void> {
  const tar = spawn('tar', ['-C', dirname(path), '-cf', '-', basename(path)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(tar, 'close');
  await pipeline(tar.stdout, to);
  const [code] = await ended;
  if (code !== 0) throw new Error(`${path} could not be packed`);
}

/** Puts what `pack` wrote of something called `name` in a place, once it is complete. Nobody else comes to own it. */
export async function unpack(from: Readable, place: string, name = basename(place)): Promise<void> {
  const incoming = `${place}.incoming`;
  await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  // Without --ignore-zeros it hangs up at the mark of the end, while the last block is still on its way.
  const how = ['--ignore-zeros', '--no-same-owner', '--no-wildcards'];
  const tar = spawn('tar', ['-C', incoming, '-xf', '-', ...how, name], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(tar, 'close');
  await pipeline(from, limited, tar.stdin);
  const [code] = await ended;
  if (code !== 0) throw new Error(`${place} could not be unpacked`);
  await rm(place, { recursive: true, force: true });
  await rename(join(incoming, name), place);
  await rm(incoming, { recursive: true, force: true });
}

async function* limited(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`More than ${MOST_BYTES} bytes of files`);
    yield chunk;
  }
}
