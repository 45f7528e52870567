import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Workspace, workspace } from '#adapters/git/workspace.ts';
import { git, openTestForge, READER, type TestForge, temporary, WRITER } from '../../local/forge/open.ts';

const AUTHOR = { name: 'Signalbox', email: 'signalbox@localhost' };
const AT = '2026-11-20T10:00:00Z';

let forge: TestForge;
let folder: string;
beforeAll(async () => {
  forge = await openTestForge();
  folder = temporary('workspace');
});
afterAll(() => forge.close());

function open(token = WRITER): Promise<Workspace> {
  return workspace({ folder: mkdtempSync(join(folder, 'w-')), url: `${forge.origin}/acme/tap.git`, token });
}

/** A commit on main with these files, made in a work tree of its own. */
async function change(work: Workspace, files: Record<string, string | Buffer>) {
  const base = await work.fetch('refs/heads/main');
  const tree = mkdtempSync(join(folder, 't-'));
  await work.write(base, tree);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(tree, name, '..'), { recursive: true });
    writeFileSync(join(tree, name), text);
  }
  const parts = {
    tree: await work.snapshot(tree),
    parent: base,
    author: AUTHOR,
    at: AT,
    message: 'fix: it\n',
  };
  return { base, tree: parts.tree, head: await work.commit(parts) };
}

it('carries a change, binary files too, as a patch that makes the same commit elsewhere', async () => {
  const work = await open();
  const { base, head } = await change(work, {
    'client.py': 'one = 11\n',
    'logo.bin': Buffer.from([0, 255, 10, 13, 0]),
  });
  const patch = await work.patch(base, head);

  const clean = await open();
  await clean.fetch('refs/heads/main');
  const tree = await clean.apply(base, patch);

  expect(await clean.commit({ tree, parent: base, author: AUTHOR, at: AT, message: 'fix: it\n' })).toBe(head);
});

it('pushes only where the branch stands as expected', async () => {
  const work = await open();
  const one = await change(work, { 'client.py': 'one = 1\n' });
  const two = await change(work, { 'client.py': 'one = 2\n' });
  await work.push(one.head, 'fix/lease', '');

  await expect(work.push(two.head, 'fix/lease', '')).rejects.toThrow(/stale info/);
  await work.push(two.head, 'fix/lease', one.head);

  expect(await work.remote('refs/heads/fix/lease')).toBe(two.head);
  expect(await work.committer(two.head)).toBe(AUTHOR.email);
});

it('is not configured by what lies in a work tree', async () => {
  const work = await open();
  const base = await work.fetch('refs/heads/main');
  const tree = mkdtempSync(join(folder, 't-'));
  await work.write(base, tree);
  const marker = join(folder, 'ran');
  await git(tree, 'init', '-q');
  await git(tree, 'config', 'core.fsmonitor', `touch ${marker}`);
  await git(tree, 'config', 'filter.evil.clean', `touch ${marker}; cat`);
  writeFileSync(join(tree, '.gitattributes'), '* filter=evil\n');
  writeFileSync(join(tree, '.git/hooks/pre-commit'), `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
  const snapshot = await work.snapshot(tree);
  await work.commit({ tree: snapshot, parent: base, author: AUTHOR, at: AT, message: 'x' });

  expect(() => readFileSync(marker)).toThrow(/ENOENT/);
  expect(await work.files(snapshot)).not.toContain('.git/config');
});

it('lays test files of one commit over another', async () => {
  const work = await open();
  const { base, head } = await change(work, { 'client.py': 'new\n', 'tests/test_new.py': 'new\n' });
  const tree = await work.overlay(base, head, ['tests/test_new.py']);

  expect(await work.read(tree, 'client.py')).toMatch(/^one = 1/);
  expect(await work.read(tree, 'tests/test_new.py')).toBe('new\n');
  expect(await work.overlay(head, base, ['client.py', 'tests/test_new.py'])).toBe(await work.tree(base));
});

it.each([
  ['a wrong token', 'wrong', 'tap', 'Unauthorized'],
  ['a repository that is not there', WRITER, 'nothing', 'NotFound'],
])('names %s', async (_, token, name, code) => {
  const place = mkdtempSync(join(folder, 'w-'));
  const work = await workspace({ folder: place, url: `${forge.origin}/acme/${name}.git`, token });

  await expect(work.fetch('refs/heads/main')).rejects.toMatchObject({ name: code });
});

it('names a forge that is not there as passing trouble, and a read-only token as refused', async () => {
  const away = await workspace({
    folder: mkdtempSync(join(folder, 'w-')),
    url: 'http://127.0.0.1:9/a/b.git',
    token: 't',
  });
  await expect(away.fetch('refs/heads/main')).rejects.toMatchObject({ name: 'Unavailable' });

  const reader = await open(READER);
  const { head } = await change(reader, { 'client.py': 'one = 3\n' });
  await expect(reader.push(head, 'fix/reader', '')).rejects.toMatchObject({ name: 'Unauthorized' });
});

it('takes no local path and no other transport for a remote', async () => {
  for (const url of [forge.bare, `file://${forge.bare}`, 'ext::sh -c touch% /tmp/x']) {
    const work = await workspace({ folder: mkdtempSync(join(folder, 'w-')), url, token: '' });
    await expect(work.fetch('refs/heads/main')).rejects.toThrow(/not allowed/);
  }
});
