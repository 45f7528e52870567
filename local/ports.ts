import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { replaceFile } from './disk.ts';

/** The servers of a local instance. */
export type Door = 'product' | 'aws' | 'forge' | 'mailbox' | 'model';

export const DEFAULT_PORTS: Record<Door, number> = {
  product: 4600,
  aws: 4601,
  forge: 4602,
  mailbox: 4603,
  model: 4604,
};

/** Where a door is found. AWS is named by its address, because SDKs then leave bucket names out of host names. */
export function urlOf(door: Door, port: number): string {
  return `http://${door === 'aws' ? '127.0.0.1' : 'localhost'}:${port}`;
}

/** The ports of the last start, so that processes which outlived it still find what they talk to. */
export function rememberedPorts(folder: string): Partial<Record<Door, number>> {
  try {
    return JSON.parse(readFileSync(join(folder, 'ports.json'), 'utf8'));
  } catch {
    return {};
  }
}

export function rememberPorts(folder: string, ports: Record<string, number>): void {
  replaceFile(join(folder, 'ports.json'), JSON.stringify(ports));
}

export interface Listening {
  port: number;
  /** Requests that come before this are kept waiting. */
  answer(listener: RequestListener): void;
  /** Answers what is being answered, takes nothing new. */
  close(): Promise<void>;
}

/** Listens on the loopback address; 0 takes any free port. Throws, naming the door, when the port is taken. */
export async function listen(door: Door, port: number): Promise<Listening> {
  const ready = Promise.withResolvers<RequestListener>();
  const server = createServer(async (request, response) => (await ready.promise)(request, response));
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explained(error, door, port)));
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    answer: ready.resolve,
    close: () => closed(server),
  };
}

function explained(error: NodeJS.ErrnoException, door: Door, port: number): Error {
  if (error.code !== 'EADDRINUSE') return error;
  const advice = 'stop the program that uses it, or choose another port';
  return new Error(`Port ${port}, meant for the ${door}, is taken: ${advice}`, { cause: error });
}

/** Long polls and idle connections would keep a server open for ever: what is not done soon is cut off. */
function closed(server: Server): Promise<void> {
  const patience = setTimeout(() => server.closeAllConnections(), 1000);
  return new Promise((resolve) => {
    server.close(() => {
      clearTimeout(patience);
      resolve();
    });
    server.closeIdleConnections();
  });
}
