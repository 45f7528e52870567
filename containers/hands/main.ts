import { chmod, mkdir, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { hands } from '../hands.ts';
import { Call } from './env.ts';
import { dial, serve } from './serve.ts';

const { BRAIN_HOST: host, BRAIN_PORT: port, BRAIN_TOKEN: token, FOLDER: folder } = Call.parse(process.env);
delete process.env.BRAIN_TOKEN;
const brain = { host, port, token };

await mkdir(folder, { recursive: true });
await chmod(folder, 0o711);
const own = await hands(folder, relay);
try {
  await serve(own, brain);
} finally {
  await own.close();
  await rm(folder, { recursive: true, force: true });
}

/** What goes out is asked of the brain. */
function relay(socket: Socket): void {
  socket.on('error', () => {});
  dial(brain, 'out').then(
    (out) => {
      out.on('error', () => {}).on('close', () => socket.destroy());
      socket.on('close', () => out.destroy());
      socket.pipe(out).pipe(socket);
    },
    () => socket.destroy(),
  );
}
