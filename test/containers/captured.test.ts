import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '#containers/command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-captured-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const env = { PATH: process.env.PATH ?? '' };

it('keeps all of what a command writes in a file of ours, with its digest', async () => {
  const into = join(folder, 'deep', 'all');
  const argv = [process.execPath, '-e', 'process.stdout.write("x".repeat(20_000_000))'];
  const { code, sha256, stopped } = await run({ argv, cwd: folder, into }, env);
  const text = await readFile(into);

  expect({ code, stopped, length: text.length }).toEqual({ code: 0, stopped: undefined, length: 20_000_000 });
  expect(sha256).toBe(createHash('sha256').update(text).digest('hex'));
  expect((await stat(into)).mode & 0o777).toBe(0o600);
});

it.each([
  ['writes too much', 'while :; do echo yes; done', { most: 100_000 }, 'most'],
  ['says nothing', 'sleep 600', { quiet: 200 }, 'quiet'],
  ['takes too long', 'while :; do echo yes; sleep 0.01; done', { limit: 300, quiet: 60_000 }, 'limit'],
  ['does not listen', 'trap "" TERM; while :; do sleep 1; done', { limit: 300, grace: 100 }, 'limit'],
])('stops what %s, and says why', async (_, script, limits, stopped) => {
  const ran = await run({ argv: ['sh', '-c', script], cwd: folder, ...limits }, env);

  expect(ran.stopped).toBe(stopped);
  expect(ran.timedOut).toBe(stopped !== 'most');
});
