import { once } from 'node:events';
import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Hands } from '../hands.ts';
import { pack, unpack } from './files.ts';
import { greeting } from './greeting.ts';
import { About, Exec } from './messages.ts';

export interface Brain {
  host: string;
  port: number;
  token: string;
}

/** Calls the brain and does what it says until it hangs up. Nobody can call us: whoever runs commands listens to no network. */
export async function serve(hands: Hands, brain: Brain): Promise<void> {
  const session = performServerHandshake(await dial(brain, 'calls'));
  const prefer = onceEach(hands.prefer);
  session.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    answer({ ...hands, prefer }, stream, headers[':path'] ?? '').catch(() => fail(stream));
  });
  session.on('error', () => {});
  await ended(session);
}

function ended(session: ServerHttp2Session): Promise<unknown> {
  return once(session, 'close');
}

/** A connection to the brain, for one of the two things that it takes. */
export async function dial({ host, port, token }: Brain, purpose: 'calls' | 'out'): Promise<Socket> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  socket.write(greeting(purpose, token));
  return socket;
}

async function answer(hands: Hands, stream: ServerHttp2Stream, url: string): Promise<void> {
  const { pathname, searchParams } = new URL(url, 'http://hands');
  const path = searchParams.get('path') ?? '';
  switch (pathname) {
    case '/about':
      return say(stream, About.parse(hands));
    case '/exec':
      return say(stream, await exec(hands, stream));
    case '/write':
      await unpack(stream, path);
      await hands.own(path);
      return say(stream, {});
    case '/read':
      stream.respond({ ':status': 200 });
      return pack(path, stream);
    case '/sweep':
      await hands.sweep();
      return say(stream, {});
    default:
      throw new Error(`There is nothing at ${pathname}`);
  }
}

/** The command is one line. The brain's side of the stream stays open until it wants the command to stop. */
async function exec(hands: Hands, stream: ServerHttp2Stream): Promise<unknown> {
  const lines = createInterface({ input: stream });
  const stopped = new AbortController();
  const [line] = await once(lines, 'line');
  lines.once('close', () => stopped.abort());
  const { preferred, ...command } = Exec.parse(JSON.parse(line));
  for (const folder of preferred.toReversed()) hands.prefer(folder);
  return hands.run({ ...command, signal: stopped.signal });
}

function onceEach(prefer: Hands['prefer']): Hands['prefer'] {
  const known = new Set<string>();
  return (folder) => {
    if (!known.has(folder)) prefer(folder);
    known.add(folder);
  };
}

function say(stream: ServerHttp2Stream, answer: unknown): void {
  stream.respond({ ':status': 200 });
  stream.end(JSON.stringify(answer));
}

function fail(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return;
  if (!stream.headersSent) stream.respond({ ':status': 500 });
  stream.end();
}
