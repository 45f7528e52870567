import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rotated } from '../../bin/connect/live.ts';
import { type LocalAws, localAws } from '../support/aws.ts';
import { SLACK_APP, type SlackDouble, slackDouble } from '../support/slack/double.ts';

it.each([
  ['the first', [], 'new', ['new']],
  ['another', ['one'], 'new', ['new', 'one']],
  ['a third', ['two', 'one'], 'new', ['new', 'two']],
  ['the same again', ['two', 'one'], 'two', ['two', 'one']],
  ['the one before', ['two', 'one'], 'one', ['one', 'two']],
])('lets two secrets live at most: %s', (_, live, fresh, after) => {
  expect(rotated(live, fresh)).toEqual(after);
});

it.each([
  ['where nothing answers', ['--aws', 'http://127.0.0.1:9'], 5, /Start the product.*--aws/],
  ['where nobody is signed in to AWS', ['--url', 'https://signalbox.example'], 3, /sign in to AWS/],
])('says what to do %s', (_, words, exit, todo) => {
  const env = { PATH: process.env.PATH, HOME: '/nowhere', AWS_EC2_METADATA_DISABLED: 'true' };
  const { status, stderr } = spawnSync(
    process.execPath,
    ['bin/cli.ts', '--json', 'connect', 'status', ...words],
    { env, encoding: 'utf8' },
  );

  expect(status).toBe(exit);
  expect(JSON.parse(stderr).error).toMatch(todo);
});

/** util-linux, which gives a program a terminal. */
const hasScript = (() => {
  try {
    return String(execFileSync('script', ['--version'])).includes('util-linux');
  } catch {
    return false;
  }
})();

describe.runIf(hasScript)('at a terminal', { timeout: 60_000 }, () => {
  let aws: LocalAws;
  let workspace: SlackDouble;

  beforeAll(async () => {
    aws = await localAws();
    workspace = await slackDouble({ now: () => new Date() });
  });
  afterAll(async () => {
    await workspace.stop();
    await aws.stop();
  });

  it('shows nothing of a secret that is typed', async () => {
    const command = `${process.execPath} bin/cli.ts connect slack --slack ${workspace.url} --aws ${process.env.AWS_ENDPOINT_URL}`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      env: { ...process.env, NO_COLOR: '1' },
    });
    const seen = await typed(child, [
      ['Signing secret', SLACK_APP.signingSecrets[0] as string],
      ['Client ID', SLACK_APP.clientId],
      ['Client secret', SLACK_APP.clientSecret],
      ['Bot token', SLACK_APP.botToken],
    ]);

    expect(seen).toContain('bot token');
    expect(seen).toContain(SLACK_APP.clientId);
    for (const secret of [...SLACK_APP.signingSecrets, SLACK_APP.clientSecret, SLACK_APP.botToken])
      expect(seen).not.toContain(secret);
  });
});

/** Types each answer once its question is there; everything that the terminal has shown. */
async function typed(child: ChildProcess, answers: [question: string, answer: string][]): Promise<string> {
  let seen = '';
  for await (const chunk of child.stdout ?? []) {
    seen += chunk;
    const [next] = answers;
    if (!next || !new RegExp(`${next[0]}[^\\n]*: $`).test(stripVTControlCharacters(seen))) continue;
    answers.shift();
    child.stdin?.write(`${next[1]}\r`);
  }
  return seen;
}
