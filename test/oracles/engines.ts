import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const cache = fileURLToPath(new URL('../../.build/oracles', import.meta.url));
const run = promisify(execFile);

/** An AWS that is not ours. */
export interface Oracle {
  name: string;
  port: number;
  /** Fetches what is needed; answers how to start it. Throws, in words, when that cannot be. */
  fetch(): Promise<[command: string, args: string[], cwd: string]>;
}

const ORACLES: Oracle[] = [
  {
    name: 'DynamoDB Local',
    port: 8123,
    async fetch() {
      await run('java', ['-version']).catch(() => {
        throw new Error('Java 17 or later is not here');
      });
      const folder = join(cache, 'package', 'emulator');
      if (!existsSync(folder)) {
        await run('npm', ['pack', 'amplify-dynamodb-simulator@2.9.30'], { cwd: cache });
        await run('tar', ['xzf', 'amplify-dynamodb-simulator-2.9.30.tgz'], { cwd: cache });
      }
      const args = [
        '-Djava.library.path=./DynamoDBLocal_lib',
        '-jar',
        'DynamoDBLocal.jar',
        '-inMemory',
        '-port',
        '8123',
      ];
      return ['java', args, folder];
    },
  },
  {
    name: 'ministack',
    port: 4566,
    async fetch() {
      const program = join(cache, 'venv', 'bin', 'ministack');
      if (!existsSync(program)) {
        await run('python3', ['-m', 'venv', 'venv'], { cwd: cache });
        await run(join(cache, 'venv', 'bin', 'pip'), ['install', '-q', 'ministack==1.4.21'], { cwd: cache });
      }
      return [program, [], cache];
    },
  },
];

/** An engine that can be started, and how. */
export type Ready = [oracle: Oracle, command: [string, string[], string]];

/** Fetches the engines into `.build/oracles`, which stays; what cannot be had is said in words. */
export async function fetched(): Promise<{ ready: Ready[]; missing: string[] }> {
  mkdirSync(cache, { recursive: true });
  const ready: Ready[] = [];
  const missing: string[] = [];
  for (const oracle of ORACLES) {
    try {
      ready.push([oracle, await oracle.fetch()]);
    } catch (error) {
      missing.push(`${oracle.name}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  return { ready, missing };
}

/** Starts an engine and waits until it answers. */
export async function up(
  { name, port }: Oracle,
  [command, args, cwd]: [string, string[], string],
): Promise<ChildProcess> {
  const child = spawn(command, args, { cwd, stdio: 'ignore' });
  for (let tries = 0; tries < 100; tries += 1) {
    if (await answers(port)) return child;
    await sleep(200);
  }
  child.kill('SIGKILL');
  throw new Error(`${name} does not answer at port ${port}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(Boolean(socket.end())));
    socket.on('error', () => resolve(false));
  });
}
