import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { contained } from '#containers/contained.ts';
import type { Hands } from '#containers/hands.ts';
import { Repository } from '#core/projects/project.ts';

const isRoot = process.getuid?.() === 0;
const hasNetworks = isRoot && spawnSync('unshare', ['--net', '--', 'true']).status === 0;

let folder: string;
let told: string[];
let open: Hands[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-contained-'));
  chmodSync(folder, 0o711);
  told = [];
  open = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const hands of open) await hands.close();
  rmSync(folder, { recursive: true, force: true });
});

async function handsFor(given: Partial<Repository> = {}): Promise<Hands> {
  const repository = Repository.parse({
    ...{ fullName: 'acme/tap', cloneUrl: 'https://f.example/acme/tap.git', apiUrl: 'https://f.example/api' },
    ...{ kind: 'tap', trustedReporters: ['*'], ...given },
  });
  const say = async (text: string) => void told.push(text);
  const hands = await contained({ folder, repository, reporter: { name: 'Dana' }, say, progress: () => {} });
  open.push(hands);
  return hands;
}

async function says(hands: Hands, command: string): Promise<string> {
  return (await hands.run({ argv: ['bash', '-c', command], cwd: folder, limit: 20_000 })).output;
}

/** What a command can do with a socket: `open`, or why not. */
function dial(host: string, port: number | string): string {
  return `timeout 3 bash -c 'exec 3<>/dev/tcp/${host}/${port}' 2>/dev/null && echo open || echo shut`;
}

describe('a command', () => {
  it('is told of no credential, by no name that holds one', async () => {
    for (const name of [
      'AWS_SECRET_ACCESS_KEY',
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
      'ANTHROPIC_API_KEY',
    ])
      vi.stubEnv(name, 'of-the-brain');
    for (const name of ['GITHUB_TOKEN', 'HTTPS_PROXY', 'http_proxy', 'MODEL_SECRET_ARN'])
      vi.stubEnv(name, 'http://of-the-brain');
    const environment = await says(await handsFor(), 'env');

    expect(environment).not.toContain('of-the-brain');
    expect(environment).not.toMatch(/^(AWS|ANTHROPIC|GITHUB|MODEL)_/m);
    expect(environment).toMatch(/^HTTPS_PROXY=http:\/\/127\.0\.0\.1:\d+$/m);
  });

  it.runIf(isRoot)('reads the environment of no process that is not its own', async () => {
    const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const script = 'for pid in "$@"; do cat /proc/$pid/environ >/dev/null 2>&1 && echo read $pid; done; true';
    const hands = await handsFor();
    const { output } = await hands.run({ argv: ['sh', '-c', script, 'sh', ...others], cwd: folder });

    expect(others.length).toBeGreaterThan(3);
    expect(output).toBe('');
  });

  it.runIf(isRoot)('cannot become anybody else, or get back what it lost', async () => {
    const hands = await handsFor();

    expect(await says(hands, 'setpriv --reuid=0 id 2>&1; su -c id 2>&1')).not.toMatch(/uid=0/);
    expect(await says(hands, 'cat /proc/self/status')).toMatch(/CapBnd:\s0+\n[\s\S]*NoNewPrivs:\s1/);
  });

  it.runIf(isRoot)(
    'that multiplies without end is gone, to the last dead one, before the next begins',
    async () => {
      const hands = await handsFor();
      const bomb = 'bomb() { bomb | bomb & }; bomb; sleep 1';
      const hide = 'import ctypes, time; ctypes.CDLL(None).prctl(4, 0); time.sleep(60)';
      await says(hands, `setsid python3 -c '${hide}' >/dev/null 2>&1 & ${bomb}`);
      const { uid } = statSync(join(folder, 'home'));
      const left = spawnSync('ps', ['-eo', 'uid=,stat=,args='], { encoding: 'utf8' }).stdout.split('\n');

      expect(left.filter((line) => line.trim().startsWith(`${uid} `))).toEqual([]);
      expect(await says(hands, '(sleep 0 &); echo begins')).toBe('begins\n');
    },
  );

  it.runIf(isRoot)('leaves nothing running, whatever it does to stay', async () => {
    const marker = join(folder, 'home', 'alive');
    const stay = `trap '' TERM HUP INT; sleep 0.8; touch ${marker}`;
    const hands = await handsFor();
    await says(hands, `setsid nohup bash -c "${stay}" >/dev/null 2>&1 &`);
    await says(hands, `(setsid bash -c "(${stay}) & disown" >/dev/null 2>&1 &)`);
    await sleep(1_300);

    expect(existsSync(marker)).toBe(false);
  });

  it.runIf(isRoot)('does not end what runs beside it', async () => {
    const hands = await handsFor();
    const long = says(hands, 'sleep 0.5; echo done');
    await says(hands, 'true');

    expect(await long).toBe('done\n');
  });

  it('may not have processes, files or memory without end', async () => {
    const hands = await handsFor();

    expect(await says(hands, 'dd if=/dev/zero of=$HOME/big bs=1M seek=2047 count=3 2>&1; true')).toMatch(
      /File too large|File size limit/,
    );
    expect(await says(hands, 'python3 -c "bytearray(10**10)" 2>&1')).toMatch(/MemoryError/);
    const forks = 'for i in $(seq 700); do sleep 5 & done 2>&1 | head -3';
    if (isRoot) expect(await says(hands, forks)).toMatch(/fork|Resource/i);
  });
});

describe.runIf(hasNetworks)('a command in a network of its own', () => {
  it('does not reach what listens on this machine, by any of its addresses', async () => {
    const server = createServer((socket) => socket.end());
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const hands = await handsFor();

    for (const { address } of addresses.filter(({ family }) => family === 'IPv4'))
      expect(await says(hands, dial(address, port)), address).toBe('shut\n');
    server.close();
  });

  it('reaches neither the credentials endpoint nor the metadata service', async () => {
    const hands = await handsFor();

    for (const host of ['169.254.170.2', '169.254.169.254', '100.100.100.200'])
      expect(await says(hands, dial(host, 80))).toBe('shut\n');
    expect(await says(hands, 'cat /proc/net/route | wc -l')).toBe('1\n');
  });

  it('can ask no resolver, so a name carries nothing out', async () => {
    const hands = await handsFor();
    const script = 'import socket; socket.setdefaulttimeout(3); socket.getaddrinfo("c2VjcmV0.pypi.org", 443)';

    expect(await says(hands, `timeout 15 python3 -c '${script}' 2>&1 | tail -1`)).toMatch(/gaierror/);
  });

  it('is refused by the proxy what the project does not name, and people hear of it once', async () => {
    const hands = await handsFor({ hosts: ['sandbox.example'] });
    const ask = (host: string) =>
      `exec 3<>/dev/tcp/127.0.0.1/3128; printf 'CONNECT ${host}:443 HTTP/1.1\\r\\nHost: ${host}\\r\\n\\r\\n' >&3; head -1 <&3`;

    expect(await says(hands, ask('evil.example'))).toMatch(/ 403 /);
    expect(await says(hands, ask('evil.example'))).toMatch(/ 403 /);
    expect(await says(hands, ask('sandbox.example'))).not.toMatch(/ 403 /);
    expect(told).toEqual([
      'a command was refused a connection to evil.example:443: the project does not name it',
    ]);
  });

  it('leaves no network open behind it', async () => {
    const before = networks();
    const hands = await handsFor();
    expect(networks()).toBe(before + 1);
    await hands.close();
    open = [];

    expect(networks()).toBe(before);
  });
});

function networks(): number {
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the folder's own, gone again
    }
  });
  return open.filter((file) => file.startsWith('net:')).length;
}

describe('work that is not trusted', () => {
  it.runIf(hasNetworks)('runs where commands have a user and a network of their own', async () => {
    const hands = await handsFor({ trustedReporters: undefined });

    expect(await says(hands, 'echo here')).toBe('here\n');
  });

  it.each([
    [{ trustedReporters: undefined }, 'acme/tap is not marked as trusted'],
    [
      { trustedReporters: ['lena@acme.example'] },
      'Dana is not among those whose tickets for acme/tap are trusted',
    ],
  ])('is refused where they have none, and told why: %j', async (given, why) => {
    vi.spyOn(process, 'getuid').mockReturnValue(1_000);

    await expect(handsFor(given)).rejects.toMatchObject({
      code: 'Forbidden',
      message: expect.stringContaining(why),
    });
    await expect(handsFor(given)).rejects.toThrow(/no second user for commands.*projects add … --trusted/);
  });

  it('runs there when whoever started the product said so', async () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1_000);
    vi.stubEnv('UNSANDBOXED', 'true');

    expect(await handsFor({ trustedReporters: undefined })).toMatchObject({ isolated: false, fenced: false });
  });
});
