import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { greeting } from '#containers/hands/greeting.ts';
import { type Reception, reception } from '#containers/hands/remote.ts';
import { type Hands, hands, type Policy } from '#containers/hands.ts';

const MAIN = resolve(import.meta.dirname, '../../containers/hands/main.ts');

let folder: string;
let denied: string[];
let started: { child: ChildProcess; place: Reception } | undefined;

async function ours(policy: Policy): Promise<Hands> {
  return hands(folder, policy);
}

/** Hands in a process of their own, which knows of us only where to call. */
async function another(policy: Policy): Promise<Hands> {
  const place = await reception(policy, { host: '127.0.0.1', port: 0 });
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      PATH: process.env.PATH ?? '',
      ...{
        BRAIN_HOST: '127.0.0.1',
        BRAIN_PORT: String(place.port),
        BRAIN_TOKEN: place.token,
        FOLDER: folder,
      },
    },
  });
  started = { child, place };
  return place.hands();
}

describe.each([
  ['of this process', ours],
  ['of another process', another],
] as const)('hands %s', (_whose, make) => {
  let made: Hands;
  let root: string;
  beforeEach(async () => {
    folder = mkdtempSync('/tmp/signalbox-contract-');
    chmodSync(folder, 0o711);
    denied = [];
    made = await make({ hosts: ['named.example'], onDenied: ({ to }) => void denied.push(to) });
    root = join(folder, 'tree');
    mkdirSync(join(root, 'src'), { recursive: true });
    writeFileSync(join(root, 'src/a.txt'), 'first\n');
    writeFileSync(join(root, 'run.sh'), '#!/bin/sh\necho ran\n', { mode: 0o755 });
    symlinkSync('src/a.txt', join(root, 'link'));
    await made.own(root);
  });
  afterEach(async () => {
    await made.close();
    if (started?.child.exitCode === null) await once(started.child, 'exit');
    started = undefined;
    rmSync(folder, { recursive: true, force: true });
  });
  const says = async (command: string) => made.run({ argv: ['sh', '-c', command], cwd: root });

  it('are given a folder as it is, and it is theirs', async () => {
    expect((await says('cat link; ./run.sh; echo second >> src/a.txt; cat src/a.txt')).stdout).toBe(
      'first\nran\nfirst\nsecond\n',
    );
  });

  it('give back what they left, with links as links', async () => {
    await says('echo more > new.txt; rm run.sh; ln -s /etc/shadow stolen');
    const taken = await made.take(root);

    expect(readFileSync(join(taken, 'new.txt'), 'utf8')).toBe('more\n');
    expect(existsSync(join(taken, 'run.sh'))).toBe(false);
    expect((await says('readlink stolen')).stdout).toBe('/etc/shadow\n');
    expect((await says('echo again > new.txt; cat new.txt')).stdout).toBe('again\n');
  });

  it('are given one file', async () => {
    const file = join(folder, 'one.patch');
    writeFileSync(file, 'a patch', { mode: 0o600 });
    await made.own(file);

    expect((await says(`cat ${file}`)).stdout).toBe('a patch');
    expect(statSync(file).isFile()).toBe(true);
  });

  it('tell what came of a command', async () => {
    const { seconds, ...outcome } = await says('echo out; echo err >&2; exit 3');

    expect(outcome).toMatchObject({ code: 3, timedOut: false, stdout: 'out\n', stderr: 'err\n' });
    expect(seconds).toBeGreaterThan(0);
  });

  it('hand in what a command reads, and set what it is told', async () => {
    const { stdout } = await made.run({
      ...{ argv: ['sh', '-c', 'cat; echo $GIVEN'], cwd: root },
      ...{ input: `${'x'.repeat(300_000)}\n`, env: { GIVEN: 'ünï' } },
    });

    expect(stdout).toBe(`${'x'.repeat(300_000)}\nünï\n`);
  });

  it('end what takes too long', async () => {
    const argv = ['sleep', '60'];

    expect(await made.run({ argv, cwd: root, limit: 200 })).toMatchObject({ timedOut: true });
  });

  it('end what is not wanted any more', async () => {
    const stop = AbortSignal.timeout(300);
    const { timedOut, seconds } = await made.run({ argv: ['sleep', '60'], cwd: root, signal: stop });

    expect(timedOut).toBe(false);
    expect(seconds).toBeLessThan(8);
  });

  it('look first where they are told to', async () => {
    await says('mkdir bin; printf "#!/bin/sh\\necho mine\\n" > bin/ls; chmod +x bin/ls');
    made.prefer(join(root, 'bin'));

    expect((await says('ls')).stdout).toBe('mine\n');
    expect((await says('ls')).stdout).toBe('mine\n');
  });

  it('run beside each other', async () => {
    const both = await Promise.all([says('sleep 0.3; echo a'), says('sleep 0.1; echo b')]);

    expect(both.map(({ stdout }) => stdout)).toEqual(['a\n', 'b\n']);
  });

  it('ask us what they may reach', async () => {
    const ask = 'curl -sS -m 5 https://evil.example 2>&1';

    expect((await says(ask)).stdout).toMatch(/403/);
    expect(denied).toEqual(['evil.example:443']);
  });

  it('know of no credential', async () => {
    expect((await says('env')).stdout).not.toMatch(/AWS_|TOKEN|KEY|SECRET/);
  });
});

describe('the brain', () => {
  let place: Reception;
  beforeEach(async () => {
    place = await reception({ hosts: [] }, { host: '127.0.0.1', port: 0 });
  });
  afterEach(() => place.close());

  it.each([
    ['the wrong token', greeting('calls', '0'.repeat(64))],
    ['nonsense', Buffer.alloc(500, 'GET / HTTP/1.1\r\n')],
    ['too little', Buffer.from('calls')],
  ])('hangs up on %s', async (_what, bytes) => {
    const socket = connect(place.port, '127.0.0.1').on('error', () => {});
    socket.end(bytes).resume();

    await once(socket, 'close');
  });

  it('says so when nobody comes', async () => {
    await expect(place.hands(AbortSignal.timeout(50))).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it('says so when the hands are gone', async () => {
    folder = mkdtempSync('/tmp/signalbox-contract-');
    const made = await another({ hosts: [] });
    const running = made.run({ argv: ['sleep', '60'], cwd: '/' });
    setTimeout(() => started?.child.kill('SIGKILL'), 300);

    await expect(running).rejects.toMatchObject({ code: 'Unavailable' });
    await expect(made.run({ argv: ['true'], cwd: '/' })).rejects.toMatchObject({ code: 'Unavailable' });
    await made.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
