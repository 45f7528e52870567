import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** The real command, in a process of its own and with nothing that answers at its URL. */
function signalbox(...args: string[]): Promise<{ exit: number; said: string; complained: string }> {
  const env = { ...process.env, NO_COLOR: '1', SIGNALBOX_URL: 'http://127.0.0.1:9' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['bin/cli.ts', 'policy', ...args], { env }, (error, said, complained) =>
      resolve({ exit: (error?.code as number | undefined) ?? 0, said, complained }),
    );
  });
}

const TEXT = `version: 1
tenant: acme
default: { mode: require_approval, risk: medium, approval: leads }
approvals:
  leads: { groups: [eng-leads], quorum: 2, ttl: 4h }
rules:
  - { id: mail, action: email.send, risk: low, mode: auto, limits: { recipients: 20 }, over_limit: require_approval, approval: leads }
tests:
  - { name: few, action: email.send, facts: { recipients: 20 }, expect: auto }
  - { name: many, action: email.send, facts: { recipients: 21 }, expect: require_approval }
`;
const good = file('good.yaml', TEXT);
const looser = file(
  'looser.yaml',
  TEXT.replace('recipients: 20 }, over', 'recipients: 2000 }, over').replace('quorum: 2', 'quorum: 1'),
);
const typo = file('typo.yaml', TEXT.replace('over_limit', 'over_limt'));

describe('check', () => {
  it('accepts a policy', async () => {
    const { exit, said } = await signalbox('check', good);

    expect(exit).toBe(0);
    expect(said).toContain('It can be activated: sha256:');
  });

  it('ends with 1 and says where a policy is wrong', async () => {
    const { exit, said } = await signalbox('check', typo);

    expect(exit).toBe(1);
    expect(said).toContain(
      `${typo}:7:88 error rules[0].over_limt: is not known here; did you mean over_limit?`,
    );
  });

  it('tells a program the same', async () => {
    const { exit, said } = await signalbox('check', typo, '--json');

    expect(exit).toBe(1);
    expect(JSON.parse(said)).toMatchObject({
      acceptable: false,
      problems: [{ line: 7, path: 'rules[0].over_limt' }],
    });
  });

  it('counts the people of a group', async () => {
    const groups = file('groups.json', '{"eng-leads": ["anna", "ben"]}');

    expect(await signalbox('check', good, '--groups', groups)).toMatchObject({
      exit: 1,
      said: expect.stringContaining('eng-leads are 2 people; 2 must agree besides whoever asks'),
    });
  });

  it('ends with 2 for a file that is not there', async () => {
    expect(await signalbox('check', join(folder, 'none.yaml'))).toMatchObject({ exit: 2 });
  });
});

describe('test', () => {
  it('judges the tests that a policy brings', async () => {
    expect(await signalbox('test', good)).toMatchObject({
      exit: 0,
      said: 'passed  few\npassed  many\n2 tests, 0 failed\n',
    });
  });

  it('ends with 1 when one fails, and says which rule decided', async () => {
    expect(await signalbox('test', looser)).toMatchObject({
      exit: 1,
      said: expect.stringContaining('failed  many: expected require_approval, but mail says auto'),
    });
  });
});

describe('explain', () => {
  it('says what happens, why, and who is asked', async () => {
    const { exit, said } = await signalbox(
      'explain',
      good,
      '--action',
      'email.send',
      '--facts',
      '{"recipients": 21}',
    );

    expect(exit).toBe(0);
    expect(said.split('\n').map((line) => line.trim())).toEqual([
      ...[
        'require approval',
        'risk        low',
        'decided by  mail',
        'over        recipients is 21, the limit is 20',
      ],
      ...['asked       2 of eng-leads, by slack, email, web', 'within      4h; silence is a no', ''],
    ]);
  });

  it('takes budgets for unused unless told', async () => {
    const budget = file(
      'budget.yaml',
      `${TEXT}budgets: [{ metric: recipients, window: 1h, limit: 9, over: deny }]\n`,
    );
    const asked = (...more: string[]) =>
      signalbox(
        'explain',
        budget,
        '--action',
        'email.send',
        '--facts',
        '{"recipients": 5}',
        '--json',
        ...more,
      );

    expect(JSON.parse((await asked()).said)).toMatchObject({ mode: 'auto' });
    expect(JSON.parse((await asked('--spent', '{"recipients_1h": 5}')).said)).toMatchObject({
      ...{ mode: 'deny', over: [{ fact: 'recipients_1h', value: '10', limit: '9' }] },
    });
  });

  it.each([
    ['--facts', '{'],
    ['--risk', 'none'],
    ['--people', 'many'],
  ])('ends with 2 for %s %s', async (option, value) => {
    expect(await signalbox('explain', good, '--action', 'email.send', option, value)).toMatchObject({
      exit: 2,
    });
  });
});

describe('diff', () => {
  const past = file(
    'past.jsonl',
    '{"id":"act_1","type":"email.send","facts":{"recipients":21}}\n\n{"id":"act_2","type":"email.send","facts":{"recipients":5000}}\n{"id":"act_3","type":"email.send","facts":{"recipients":2}}\n',
  );

  it('counts past actions under both, and names each that becomes looser', async () => {
    const { exit, said } = await signalbox('diff', good, looser, '--facts', past, '--json');

    expect(exit).toBe(0);
    expect(JSON.parse(said)).toMatchObject({
      ...{ actions: 3, before: { auto: 1, require_approval: 2 }, after: { auto: 2, require_approval: 1 } },
      looser: [
        { id: 'act_1', in: ['mode'] },
        { id: 'act_2', in: ['quorum'] },
      ],
    });
  });

  it('judges the tests of both when nothing happened yet', async () => {
    expect(await signalbox('diff', good, looser)).toMatchObject({
      exit: 0,
      said: expect.stringContaining('many  email.send  require_approval → auto  looser in mode  by mail'),
    });
    expect((await signalbox('diff', looser, good)).said).toContain('Nothing becomes looser.');
  });

  it('names the line that is no action', async () => {
    const broken = file('broken.jsonl', '{"id":"a","type":"b"}\n{"id":1}\n');

    expect(await signalbox('diff', good, looser, '--facts', broken)).toMatchObject({
      exit: 2,
      complained: expect.stringContaining(`${broken}:2: `),
    });
  });
});
