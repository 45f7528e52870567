import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rotatedKeys } from '#core/taps/credentials.ts';
import { fileCredentials } from '../../bin/taps/credentials.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-credentials-'));
  file = join(folder, 'config.json');
  await writeFile(file, '{"token":"1"}', { mode: 0o600 });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('keeps what a run rewrites, as private as it was', async () => {
  const { read, write } = fileCredentials(file);
  const { version } = await read();
  const next = await write('{"token":"2"}', version);

  expect(await readFile(file, 'utf8')).toBe('{"token":"2"}');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await read()).toEqual({ text: '{"token":"2"}', version: next });
});

it('never writes over what somebody else has changed', async () => {
  const { read, write } = fileCredentials(file);
  const { version } = await read();
  await writeFile(file, '{"token":"theirs"}');

  await expect(write('{"token":"2"}', version)).rejects.toThrow('was changed meanwhile');
  expect(await readFile(file, 'utf8')).toBe('{"token":"theirs"}');
});

it('is used by one run at a time, and not held by a dead one', async () => {
  const { alone } = fileCredentials(file);

  await alone(async () => {
    await expect(alone(async () => {})).rejects.toThrow('is in use by process');
  });
  await writeFile(`${file}.signalbox-lock`, '999999999');
  await alone(async () => {});

  expect(await readdir(folder)).toEqual(['config.json']);
});

it('names what was rotated, and not to what', () => {
  const before = { token: 'a', oauth: { refresh: 'b', id: 1 }, gone: 1 };

  expect(rotatedKeys(before, { token: 'a', oauth: { refresh: 'c', id: 1 }, more: 2 })).toEqual([
    'oauth.refresh',
    'gone',
    'more',
  ]);
});
