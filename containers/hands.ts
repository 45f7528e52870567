import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { type Command, type Outcome, onPath, run } from './command.ts';
import { egressProxy, type ProxyOptions } from './egress/proxy.ts';
import { fence } from './fence.ts';
import { sweepUser } from './sweep.ts';

/** Who runs what the model and the repository say: a user of their own with no credentials, where the machine has one. */
export interface Hands {
  /** What a command leaves running ends with it, or with the last of those that ran beside it. */
  run(command: Command): Promise<Outcome>;
  /** Gives a folder and all in it to the hands. */
  own(folder: string): Promise<void>;
  /** Where we find a folder as they left it. */
  take(folder: string): Promise<string>;
  /** Ends everything that still runs under the hands' user. */
  sweep(): Promise<void>;
  /** Sweeps, and closes the way out; nothing can be run afterwards. */
  close(): Promise<void>;
  /** Whether commands run under another user than ours: else they could read our environment. */
  isolated: boolean;
  /** Whether commands reach nothing but our proxy: not the local network, not the credentials endpoint, no resolver. */
  fenced: boolean;
  /** First in their `PATH` from now on. */
  prefer(folder: string): void;
}

/** Where commands may go; nowhere unless given. */
export type Policy = Omit<ProxyOptions, 'onDenied'> & Partial<Pick<ProxyOptions, 'onDenied'>>;

/** A policy of ours, or whoever else answers what goes out. */
export type WayOut = Policy | ((connection: Socket) => void);

/** Numbers that no account uses, one per process of ours, so that two tasks on one machine never sweep each other. */
const FIRST_USER = 61_000;
const USERS = 4_000;

/** `folder` must be one that every user may enter. */
export async function hands(folder: string, wayOut: WayOut = { hosts: [] }): Promise<Hands> {
  const setpriv = process.getuid?.() === 0 ? onPath('setpriv') : undefined;
  const uid = Number(process.env.HANDS_UID ?? FIRST_USER + (process.pid % USERS));
  const as = setpriv ? [setpriv, ...privileges(uid), ...SEARCH] : [];
  const out = await wayOutOf(wayOut, setpriv !== undefined);
  const before = [...limits(setpriv !== undefined), ...out.enter, ...as];
  const preferred: string[] = [];
  const home = join(folder, 'home');
  await mkdir(join(home, 'tmp'), { recursive: true });

  const environment = () => ({
    ...out.environment,
    PATH: [...preferred, process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter),
    HOME: home,
    TMPDIR: join(home, 'tmp'),
    LANG: 'C.UTF-8',
    TERM: 'dumb',
  });
  const sweep = async () => {
    const argv = [setpriv ?? '', ...privileges(uid), 'kill', '-9', '-1'];
    if (setpriv) await sweepUser(uid, () => run({ argv, cwd: '/' }, environment()));
  };
  const self: Hands = {
    run: sweeping(sweep, (command) => run({ ...command, argv: [...before, ...command.argv] }, environment())),
    own: async (owned) => {
      if (setpriv) await mustRun(['chown', '-R', '-h', `${uid}:${uid}`, owned]);
    },
    take: async (folder) => folder,
    sweep,
    close: async () => {
      await sweep();
      out.close();
    },
    isolated: setpriv !== undefined,
    fenced: out.enter.length > 0,
    prefer: (first) => void preferred.unshift(first),
  };
  await self.own(home);
  return self;
}

/** The program is looked for after the change of user: what only we may reach is not found. */
const SEARCH = ['/bin/sh', '-c', 'exec "$@"', 'sh'];

function privileges(uid: number): string[] {
  return [
    '--no-new-privs',
    '--bounding-set=-all',
    '--inh-caps=-all',
    `--reuid=${uid}`,
    `--regid=${uid}`,
    '--clear-groups',
    '--',
  ];
}

/** By option of `prlimit`: as the kernel names it, and what a command may have. Address space is more than memory: programs reserve. */
const LIMITS: Record<string, [name: string, most: number]> = {
  nproc: ['Max processes', 512],
  fsize: ['Max file size', 2 ** 31],
  as: ['Max address space', 2 ** 33],
  core: ['Max core file size', 0],
};

/** Processes are counted by user, so their number says something only about a user of the hands' own. */
function limits(isOwnUser: boolean): string[] {
  const prlimit = onPath('prlimit');
  if (!prlimit) return [];
  const now = readFileSync('/proc/self/limits', 'utf8');
  const options = Object.entries(LIMITS)
    .filter(([option]) => isOwnUser || option !== 'nproc')
    .map(([option, [name, most]]) => {
      // No limit may be raised, and some machines set lower ones.
      const hard = Number(new RegExp(`^${name}\\s+\\S+\\s+(\\d+)`, 'm').exec(now)?.[1] ?? Infinity);
      return `--${option}=${Math.min(most, hard)}`;
    });
  return [prlimit, ...options, '--'];
}

/** What ran beside each other is swept together: a sweep ends everything, so nothing may begin during one. */
function sweeping(sweep: Hands['sweep'], work: Hands['run']): Hands['run'] {
  let running = 0;
  let swept: Promise<void> | undefined;
  const clean = async () => {
    await sweep();
    swept = undefined;
  };
  return async (command) => {
    while (swept !== undefined) await swept;
    running++;
    try {
      return await work(command);
    } finally {
      running--;
      if (running === 0) swept = clean();
      await swept;
    }
  };
}

interface Out {
  /** Before a command: enters the network that has only this way out. */
  enter: string[];
  environment: Record<string, string>;
  close(): void;
}

/** The proxy, inside a network that has nothing else where the machine lets us make one; on the loopback address elsewhere. */
async function wayOutOf(given: WayOut, isOwnUser: boolean): Promise<Out> {
  const proxy = typeof given === 'function' ? undefined : egressProxy({ onDenied: () => {}, ...given });
  const pass =
    typeof given === 'function' ? given : (socket: Socket) => void proxy?.emit('connection', socket);
  const fenced = isOwnUser ? await fence() : undefined;
  const door = fenced?.door ?? (await loopback());
  door.on('connection', pass).unref();
  const port = fenced?.port ?? (door.address() as AddressInfo).port;
  const url = `http://127.0.0.1:${port}`;
  return {
    enter: fenced?.enter ?? [],
    environment: {
      ...{ HTTP_PROXY: url, HTTPS_PROXY: url, http_proxy: url, https_proxy: url },
      ...{ NO_PROXY: OURSELVES, no_proxy: OURSELVES },
    },
    close: () => {
      door.close();
      proxy?.closeAllConnections();
      fenced?.close();
    },
  };
}

function loopback(): Promise<Server> {
  const server = createServer();
  return new Promise((done) => void server.listen(0, '127.0.0.1', () => done(server)));
}

const OURSELVES = 'localhost,127.0.0.1,::1';

async function mustRun(argv: string[]): Promise<void> {
  const { code, output } = await run({ argv, cwd: '/' }, { PATH: process.env.PATH ?? '' });
  if (code !== 0) throw new Error(`${argv[0]} failed: ${output.slice(0, 500)}`);
}
