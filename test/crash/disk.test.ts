import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { machine, queue, table, writeAssembly } from './template.ts';

const filler = fileURLToPath(new URL('filler.ts', import.meta.url));
const canMount = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const canLimit = spawnSync('prlimit', ['--version']).status === 0;

let root: string;
let assembly: string;
let journal: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'disk-'));
  assembly = join(root, 'assembly');
  journal = join(root, 'journal');
  writeAssembly(assembly, {
    Things: table('id'),
    Bucket: { Type: 'AWS::S3::Bucket', Properties: {} },
    Queue: queue(),
    Machine: machine({ StartAt: 'Done', States: { Done: { Type: 'Pass', End: true } } }),
  });
  writeFileSync(journal, '');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Ended {
  code: number;
  said: string;
}

async function run(command: string, ...args: string[]): Promise<Ended> {
  const ended = promisify(execFile)(command, args, { timeout: 30_000 });
  return ended.then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }),
  );
}

const play = (what: 'fill' | 'look', folder: string) =>
  run(process.execPath, filler, what, folder, assembly, journal);

function expectNothingLost({ code, said }: Ended): void {
  expect(said).toMatch(/^\{"acknowledged":\d\d+,"lost":\[\],"check":"ok"\}$/);
  expect(code).toBe(0);
}

describe('a disk that fails', { timeout: 60_000 }, () => {
  it.skipIf(!canMount)('says that it is full, loses nothing, and goes on once there is space', async () => {
    const folder = join(root, 'small');
    mkdirSync(folder);
    const own = (what: string) => `"$0" ${[filler, what, folder, assembly, journal].join(' ')}`;
    const script = `mount -t tmpfs -o size=4m none ${folder}
      ${own('fill')} >${root}/full; echo $? >${root}/code
      ${own('look')} >${root}/still; mount -o remount,size=40m ${folder}; ${own('look')}`;
    const after = await run('unshare', '-Urm', 'sh', '-c', script, process.execPath);

    expect(readFileSync(join(root, 'full'), 'utf8')).toMatch(
      /^The disk under .*small is full\. Nothing that was answered is lost: free space, and start again/,
    );
    expect(readFileSync(join(root, 'code'), 'utf8').trim()).toBe('3');
    expect(readFileSync(join(root, 'still'), 'utf8')).toMatch(/The disk under .* is full/);
    expectNothingLost(after);
  });

  it.skipIf(!canLimit)(
    'ends in words at a write that fails, here at a limit on the size of files, and goes on without it',
    async () => {
      const folder = join(root, 'data');
      const args = [process.execPath, filler, 'fill', folder, assembly, journal];
      const { code, said } = await run('prlimit', '--fsize=3000000', ...args);

      expect(said).toMatch(/^The disk under .* fails\. Nothing that was answered is lost/);
      expect(code).toBe(3);
      expectNothingLost(await play('look', folder));
    },
  );

  it.skipIf(!canMount)('says that a folder is read-only', async () => {
    const folder = join(root, 'still');
    mkdirSync(folder);
    const command = `"$0" ${[filler, 'look', folder, assembly, journal].join(' ')}`;
    const script = `mount -t tmpfs -o ro none ${folder}; ${command}`;
    const { code, said } = await run('unshare', '-Urm', 'sh', '-c', script, process.execPath);

    expect(said).toMatch(
      /^DiskError: .*still cannot be written\. Make it writable, or choose another with --folder/,
    );
    expect(code).toBe(4);
  });

  it.each(['/proc/signalbox', '/dev/null/signalbox'])('says that %s cannot be made', async (folder) => {
    expect(await play('look', folder)).toEqual({
      code: 4,
      said: expect.stringContaining(`DiskError: ${folder} cannot be written. Make it writable`),
    });
  });

  it.each([
    ['no database any more', (file: string) => writeFileSync(file, 'x'.repeat(8192))],
    ['a database cut off', (file: string) => truncateSync(file, 20_000)],
  ])('says that its file is damaged when it is %s', async (_, damage) => {
    const folder = join(root, 'data');
    await play('look', folder);
    damage(join(folder, 'aws.sqlite'));

    expect(await play('look', folder)).toEqual({
      code: 4,
      said: expect.stringMatching(/^DiskError: The data in .* is damaged\. .* start over with --fresh/),
    });
  });
});
