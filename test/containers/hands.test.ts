import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engineerTools, type UseTool } from '#containers/agent/tools.ts';
import { type Hands, hands as makeHands } from '#containers/hands.ts';
import type { Verification } from '#core/runs/run.ts';

const isRoot = process.getuid?.() === 0;

let folder: string;
let root: string;
let hands: Hands;
let use: UseTool;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-hands-'));
  chmodSync(folder, 0o711);
  root = join(folder, 'tree');
  mkdirSync(root);
  writeFileSync(join(root, 'a.py'), 'x = 1\ny = 2\n');
  hands = await makeHands(folder);
  await hands.own(root);
  const bench = { hands, root, out: root, venv: '/nowhere', signal: new AbortController().signal };
  use = engineerTools({
    ...bench,
    verify: async () => ({}) as Verification,
    objection: async () => 'Nothing was changed',
    tree: async () => '',
  });
});
afterEach(async () => {
  await hands.sweep();
  rmSync(folder, { recursive: true, force: true });
});

describe('hands', () => {
  it('know nothing of our environment', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'of-the-brain';
    process.env.TASK_TOKEN = 'of-the-brain';
    const { output } = await hands.run({ argv: ['env'], cwd: root });
    const names = output.match(/^\w+(?==)/gm) ?? [];

    expect(output).not.toContain('of-the-brain');
    expect(names.filter((name) => !/proxy/i.test(name)).sort()).toEqual(
      expect.arrayContaining(['HOME', 'LANG', 'PATH', 'TERM', 'TMPDIR']),
    );
    expect(names.filter((name) => /AWS|TOKEN|KEY|SECRET|NODE|npm/i.test(name))).toEqual([]);
  });

  it.runIf(isRoot)('cannot read the environment of any other user’s process', async () => {
    const { output } = await hands.run({ argv: ['sh', '-c', `cat /proc/${process.pid}/environ`], cwd: root });

    expect(output).toMatch(/Permission denied/);
    const status = await hands.run({ argv: ['cat', '/proc/self/status'], cwd: root });
    expect(status.output).toMatch(/CapEff:\s0+\n/);
    expect(status.output).toMatch(/NoNewPrivs:\s1/);
  });

  it('end what does not end, with all that it started', async () => {
    const marker = join(root, 'alive');
    const command = `trap '' TERM; (sleep 1.5; touch ${marker}) & sleep 60`;
    const { timedOut, seconds } = await hands.run({ argv: ['bash', '-c', command], cwd: root, limit: 200 });

    expect(timedOut).toBe(true);
    expect(seconds).toBeLessThan(8);
  });

  it.runIf(isRoot)('are swept of what has left its group', async () => {
    const marker = join(root, 'alive');
    await use('bash', { command: `setsid sh -c 'sleep 0.7; touch ${marker}' >/dev/null 2>&1 &` });
    await sleep(1_200);

    expect(existsSync(marker)).toBe(false);
  });

  it('do not fill our memory', async () => {
    const { output, code } = await hands.run({
      argv: ['sh', '-c', 'yes | head -c 30000000; echo end'],
      cwd: root,
    });

    expect(code).toBe(0);
    expect(output.length).toBeLessThan(9_000_000);
    expect(output.endsWith('end\n')).toBe(true);
  });
});

describe('tools', () => {
  it('edit what was read, and not what has changed since', async () => {
    await use('read', { path: 'a.py' });
    expect(await use('edit', { path: 'a.py', old: 'x = 1', new: 'x = 3' })).toMatchObject({
      text: 'Changed a.py',
    });
    await use('bash', { command: 'echo z=1 >> a.py' });

    expect(await use('edit', { path: 'a.py', old: 'y = 2', new: 'y = 4' })).toMatchObject({
      isError: true,
      text: expect.stringMatching(/changed since you read it/),
    });
    expect((await use('read', { path: 'a.py' })).text).toBe('1\tx = 3\n2\ty = 2\n3\tz=1\n4\t');
  });

  it('leave Python that parses as it is when an edit would break it', async () => {
    const { text, isError } = await use('edit', { path: 'a.py', old: 'x = 1', new: 'x = (1' });

    expect({ isError, text }).toMatchObject({
      isError: true,
      text: expect.stringMatching(/no longer parse/),
    });
    expect((await use('read', { path: 'a.py' })).text).toContain('x = 1');
  });

  it.each([
    ['read', { path: '../../etc/passwd' }, /outside the work tree/],
    ['read', { path: '/etc/passwd' }, /outside the work tree/],
    ['read', { path: 'link' }, /outside the work tree/],
    ['edit', { path: 'link', old: '', new: 'x' }, /outside the work tree/],
    ['edit', { path: 'folder/new', old: '', new: 'x' }, /outside the work tree/],
    ['edit', { path: '.git/config', old: '', new: 'x' }, /not yours/],
    ['edit', { path: '.github/workflows/ci.yml', old: '', new: 'x' }, /not yours to change/],
    ['edit', { path: 'tests/../conftest.py', old: '', new: 'x' }, /not yours to change/],
    ['edit', { path: 'b.json', old: '', new: '{' }, /no longer parse/],
    ['edit', { path: 'b.ts', old: '', new: 'const x: = 1' }, /no longer parse/],
    ['search', { pattern: 'x', path: '../..' }, /outside the work tree/],
    ['git', { command: 'push' }, /command/],
    ['git', { command: 'log', revision: '--output=x' }, /revision/],
    ['git', { command: 'restore' }, /needs `paths`/],
    ['git', { command: 'diff', paths: ['/etc/passwd'] }, /outside the work tree/],
    ['read', { path: 'missing' }, /no file missing/],
    ['read', { path: 7 }, /path/],
    ['edit', { path: 'a.py', old: '', new: 'x' }, /exists already/],
    ['nothing', {}, /no tool "nothing"/],
    ['toString', {}, /no tool/],
    ['search', { pattern: '(' }, /failed/],
    ['finish', { summary: 's', rootCause: 'r', changes: [], tests: [], risks: [] }, /Nothing was changed/],
  ])('answer %s %j with what is wrong', async (name, input, says) => {
    symlinkSync('/etc/passwd', join(root, 'link'));
    symlinkSync('/tmp', join(root, 'folder'));

    expect(await use(name, input)).toMatchObject({ isError: true, text: expect.stringMatching(says) });
  });

  it('tell a command’s exit code, and keep its whole output at hand', async () => {
    expect(await use('bash', { command: 'echo no; exit 3' })).toMatchObject({
      text: 'exit 3\nno',
      isError: true,
    });
    const { text } = await use('bash', { command: 'seq 1 20000' });

    const path = /all of it is in (\S+) /.exec(text)?.[1] ?? '';
    expect((await use('bash', { command: `wc -l < ${path}` })).text).toMatch(/20000/);
  });

  it('know few git commands, whatever the repository says of hooks', async () => {
    const hook = join(root, '.git/hooks/post-commit');
    await use('bash', {
      command: `git init -q && git add -A && git -c user.name=a -c user.email=a commit -qm base && printf '#!/bin/sh\\ntouch ran' > .git/hooks/post-commit && chmod +x .git/hooks/post-commit`,
    });
    expect(existsSync(hook)).toBe(true);
    await use('edit', { path: 'a.py', old: 'x = 1', new: 'x = 3' });

    expect((await use('git', { command: 'diff' })).text).toMatch(/-x = 1\n\+x = 3/);
    expect(await use('git', { command: 'commit', message: 'three' })).toMatchObject({ isError: false });
    expect((await use('git', { command: 'log' })).text).toMatch(/three\n\w+ base/);
    expect(await use('git', { command: 'restore', revision: 'HEAD~1', paths: ['a.py'] })).toMatchObject({
      isError: false,
    });
    expect((await use('git', { command: 'status' })).text).toMatch(/ M a.py/);
    expect(existsSync(join(root, 'ran'))).toBe(false);
  });

  it('find text', async () => {
    expect((await use('search', { pattern: 'y = \\d|y = [0-9]' })).text).toMatch(/a\.py:2:y = 2/);
    expect((await use('search', { pattern: 'nowhere' })).text).toBe('Nothing found');
  });
});
