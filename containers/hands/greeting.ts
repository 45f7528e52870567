import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';

/** What a connection to the brain is for: its calls to the hands, or a command's way out. */
export type Purpose = 'calls' | 'out';

const TOKEN_LENGTH = 64;
const LENGTH = 'calls '.length + TOKEN_LENGTH;
const PATIENCE = 5_000;

/** What a connection begins with: always as long, so that it can be told from what follows. */
export function greeting(purpose: Purpose, token: string): Buffer {
  return Buffer.from(purpose.padEnd(LENGTH - TOKEN_LENGTH) + token);
}

/** Reads the greeting and leaves what follows. Undefined, and the connection ended, without the right one. */
export async function greeted(socket: Socket, token: string): Promise<Purpose | undefined> {
  socket.setTimeout(PATIENCE, () => socket.destroy());
  const said = await first(socket, LENGTH);
  for (const purpose of ['calls', 'out'] as const) {
    const wanted = greeting(purpose, token);
    if (said?.length !== wanted.length || !timingSafeEqual(said, wanted)) continue;
    socket.setTimeout(0);
    return purpose;
  }
  socket.destroy();
  return undefined;
}

/** The first bytes of a socket that has sent so many; undefined when it ends before. */
function first(socket: Socket, length: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const look = () => {
      const bytes = socket.read(length) as Buffer | null;
      if (bytes) done(bytes.length === length ? bytes : undefined);
    };
    const gone = () => done(undefined);
    const done = (bytes?: Buffer) => {
      socket.off('readable', look).off('close', gone).off('end', gone);
      resolve(bytes);
    };
    socket.on('readable', look).once('close', gone).once('end', gone);
    socket.on('error', () => {});
  });
}
