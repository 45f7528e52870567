import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  cloneUrl,
  git,
  openTestForge,
  pushBranch,
  READER,
  type TestForge,
  temporary,
  WRITER,
} from './open.ts';

let forge: TestForge;
beforeAll(async () => {
  forge = await openTestForge();
});
afterAll(() => forge.close());

it('clones and pushes', async () => {
  const work = await pushBranch(forge, 'fix/one');

  const tip = await git(work, 'rev-parse', 'HEAD');
  expect(await git(forge.bare, 'rev-parse', 'fix/one')).toBe(tip);
  expect(readFileSync(join(work, 'README.md'), 'utf8')).toBe('# tap\n');
});

it('takes a push larger than git sends in one piece', async () => {
  const work = await pushBranch(forge, 'big');
  writeFileSync(join(work, 'big.bin'), randomBytes(3_000_000));
  await git(work, 'add', '-A');
  await git(work, 'commit', '--quiet', '-m', 'big');
  await git(work, 'push', '--quiet', 'origin', 'big');

  expect(await git(forge.bare, 'cat-file', '-s', 'big:big.bin')).toBe('3000000');
});

it.each([
  ['nobody', undefined, 'could not read Username|terminal prompts disabled'],
  ['an unknown token', 'wrong', 'Authentication failed'],
  ['a reader', READER, '403'],
])('lets %s not push', async (_, token, says) => {
  const work = temporary('work');
  await git(work, 'clone', '--quiet', cloneUrl(forge, WRITER), '.');
  await git(work, 'commit', '--quiet', '--allow-empty', '-m', 'x');

  const push = git(work, 'push', cloneUrl(forge, token), 'HEAD:refs/heads/sneaked');

  await expect(push).rejects.toThrow(new RegExp(says));
  await expect(git(forge.bare, 'rev-parse', '--verify', 'sneaked')).rejects.toThrow();
});

it.each([
  ['a reader with a token', READER, 'acme/tap', 200],
  ['nobody', undefined, 'acme/tap', 401],
  ['an unknown token', 'wrong', 'acme/tap', 401],
  ['nobody, for what is not there', undefined, 'acme/none', 401],
  ['a reader, for what is not there', READER, 'acme/none', 404],
])('answers %s', async (_, token, name, status) => {
  const authorization = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  const response = await fetch(`${forge.origin}/${name}.git/info/refs?service=git-upload-pack`, {
    headers: token ? { authorization } : {},
  });
  await response.body?.cancel();

  expect(response.status).toBe(status);
  expect(response.headers.has('www-authenticate')).toBe(status === 401);
});

it('reads a compressed request', async () => {
  const line = (text: string) => `${(text.length + 4).toString(16).padStart(4, '0')}${text}`;
  const body = gzipSync(`${line('command=ls-refs\n')}0001${line('ref-prefix refs/heads/main\n')}0000`);
  const response = await fetch(`${forge.origin}/acme/tap.git/git-upload-pack`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`x:${WRITER}`).toString('base64')}`,
      'content-type': 'application/x-git-upload-pack-request',
      'content-encoding': 'gzip',
      'git-protocol': 'version=2',
    },
    body,
  });

  expect(response.status).toBe(200);
  expect(await response.text()).toContain('refs/heads/main');
});

it('runs no hook of a repository', async () => {
  const hook = join(forge.bare, 'hooks/pre-receive');
  writeFileSync(hook, `#!/bin/sh\ntouch ${forge.folder}/ran\nexit 1\n`);
  chmodSync(hook, 0o755);

  await pushBranch(forge, 'unhooked');

  expect(existsSync(join(forge.folder, 'ran'))).toBe(false);
});

it('outlives a client that hangs up in the middle of a push', async () => {
  const socket = connect(Number(new URL(forge.origin).port), '127.0.0.1');
  socket.write(
    [
      'POST /acme/tap.git/git-receive-pack HTTP/1.1',
      'Host: localhost',
      `Authorization: Basic ${Buffer.from(`x:${WRITER}`).toString('base64')}`,
      'Content-Type: application/x-git-receive-pack-request',
      'Content-Length: 100000',
      '',
      '00a4 and no more',
    ].join('\r\n'),
  );
  await new Promise((later) => setTimeout(later, 150));
  socket.destroy();

  await pushBranch(forge, 'after-the-hang-up');
});

it('does not show an interrupted answer as a whole one', async () => {
  const objects = join(forge.bare, 'objects');
  renameSync(objects, `${objects}.away`);
  const clone = git(temporary('work'), 'clone', '--quiet', cloneUrl(forge, WRITER), '.');

  await expect(clone).rejects.toThrow();

  renameSync(`${objects}.away`, objects);
  await git(temporary('work'), 'clone', '--quiet', cloneUrl(forge, WRITER), '.');
});
