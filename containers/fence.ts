import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Server } from 'node:net';

/** A network of its own, in which nothing is but a loopback address and one door. */
export interface Fence {
  /** What to put before a command so that it runs inside; needs root. */
  enter: string[];
  /** Listens inside, at `port`, and accepts in this process. */
  door: Server;
  port: number;
  /** The network itself goes with its last process. */
  close(): void;
}

const PORT = 3128;
const START_LIMIT = 15_000;

/** A new network has its loopback interface down: SIOCSIFFLAGS with IFF_UP. */
const UP = `import socket, fcntl, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh22x", b"lo", 1))`;

/** Listens, hands the listening socket over, and ends. */
const LISTEN = `const server = require('node:net').createServer();
server.listen(${PORT}, '127.0.0.1', () => process.send('door', server));
process.on('disconnect', () => process.exit());`;

/**
 * A socket belongs to the network that it was made in, wherever it is used: a short-lived process makes ours inside and
 * passes it out. Undefined where the machine does not let us have a network (Fargate, any user but root, macOS).
 */
export function fence(): Promise<Fence | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return Promise.resolve(undefined);
  const script = 'python3 -I -S -c "$1" && exec "$2" -e "$3"';
  const child = spawn('unshare', ['--net', '--', 'sh', '-c', script, 'sh', UP, process.execPath, LISTEN], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { PATH: process.env.PATH ?? '' },
    timeout: START_LIMIT,
    killSignal: 'SIGKILL',
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
    child.once('message', (_word, door) => {
      const network = openSync(`/proc/${child.pid}/ns/net`, 'r');
      child.disconnect();
      const enter = ['nsenter', `--net=/proc/${process.pid}/fd/${network}`, '--'];
      resolve({ enter, door: door as Server, port: PORT, close: () => closeSync(network) });
    });
  });
}
