import { execFile, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIL, productWithTeam, REFUND, type Team } from '../support/team.ts';

let team: Team;
const tokens: Record<string, string> = {};
beforeAll(async () => {
  team = await productWithTeam();
  for (const name of ['anna', 'ben', 'olga']) tokens[name] = await team.tokenOf(name);
}, 60_000);
afterAll(() => team?.stop());

interface Said {
  exit: number;
  said: string;
  complained: string;
}

const signedIn = (name: string) => ({
  ...{ ...process.env, NO_COLOR: '1' },
  ...{ SIGNALBOX_URL: team.url, SIGNALBOX_TOKEN: tokens[name] },
});

/** The real command in a process of its own, as somebody who is signed in, with no terminal to ask at. */
function as(name: string, ...args: string[]): Promise<Said> {
  const env = signedIn(name);
  return new Promise((resolve) => {
    execFile(process.execPath, ['bin/cli.ts', 'approvals', ...args], { env }, (error, said, complained) =>
      resolve({ exit: (error?.code as number | undefined) ?? 0, said, complained }),
    );
  });
}

/** The same at a terminal, where `answer` is typed once the command asks. */
async function atTerminal(name: string, args: string[], answer: string): Promise<string> {
  const pty = 'import pty, sys; pty.spawn(sys.argv[1:])';
  const command = [process.execPath, 'bin/cli.ts', 'approvals', ...args];
  const child = spawn('python3', ['-c', pty, ...command], { env: signedIn(name) });
  child.stdout.on('data', (chunk) => String(chunk).includes('[y/N]') && child.stdin.write(`${answer}\n`));
  return text(child.stdout);
}

const json = async (name: string, ...args: string[]) => JSON.parse((await as(name, ...args, '--json')).said);

describe('signalbox approvals', { timeout: 60_000 }, () => {
  it('lists what waits, and says which are yours', async () => {
    const id = await team.propose('email.send', MAIL);
    const [annas, olgas] = [await as('anna', 'list'), await as('olga', 'list')];

    expect(annas.said).toMatch(new RegExp(`${id} +until .*in 3 hours.* +medium +yours +Send a mail`));
    expect(olgas.said).toContain(id);
    expect(olgas.said).not.toContain('yours');
    expect(await json('anna', 'list', '--type', 'billing.refund')).toEqual([]);
  });

  it('shows everything that is decided about, and where it stands in the ledger', async () => {
    const id = await team.propose('email.send', MAIL);
    const { said } = await as('anna', 'show', id);

    for (const words of [
      'Send a mail to rita@customer.example, sam@customer.example: Your order 4711',
      ...['Rule mail, risk medium', 'require approval', 'recipients 2', '0 of 1', '/subject, /to'],
      ...['anna@acme.example, ben@acme.example', 'by olga@acme.example', '1 entry, the last is '],
      ...[JSON.stringify(MAIL.body), 'The agent says (not verified)\nShe says so'],
    ])
      expect(said).toContain(words);
    expect(await json('anna', 'show', id)).toMatchObject({
      action_id: id,
      payload: MAIL,
      claim: 'She says so',
    });
  });

  it('decides nothing where nobody can be asked, and says what to type', async () => {
    const id = await team.propose('email.send', MAIL);
    const { exit, complained } = await as('anna', 'decline', id, '--reason', "it's wrong");
    const [, command = ''] = /npx signalbox approvals (.+)/.exec(complained) ?? [];

    expect(exit).toBe(2);
    expect(command).toMatch(
      new RegExp(`^decline ${id} --reason 'it'\\\\''s wrong' --yes --hash sha256:[0-9a-f]{64}$`),
    );
    expect(await json('anna', 'show', id)).toMatchObject({ status: 'PENDING' });
  });

  it('asks at a terminal after showing everything, and takes anything but a yes for a no', async () => {
    const id = await team.propose('email.send', MAIL);
    const no = await atTerminal('anna', ['approve', id], '');
    const between = await json('anna', 'show', id);
    const yes = await atTerminal('anna', ['approve', id], 'y');

    expect(no).toMatch(/It is late.*Approve exactly this\? \[y\/N\].*Nothing was decided/s);
    expect(between.status).toBe('PENDING');
    expect(yes).toContain('It is approved by anna@acme.example (web)');
  });

  it('approves exactly what was shown, and names who did and when to whoever comes later', async () => {
    const id = await team.propose('email.send', MAIL);
    const { payload_hash: hash } = await json('anna', 'show', id);
    const stale = await as(
      'anna',
      'approve',
      id,
      '--yes',
      '--hash',
      hash.replace(/.$/, hash.endsWith('0') ? '1' : '0'),
    );
    const done = await as('anna', 'approve', id, '--yes', '--hash', hash);
    const late = await as('ben', 'decline', id, '--yes', '--reason', 'no');

    expect(stale).toMatchObject({ exit: 1, complained: expect.stringContaining('It has changed') });
    expect(done).toMatchObject({
      exit: 0,
      said: expect.stringContaining('approved by anna@acme.example (web)'),
    });
    expect(late.exit).toBe(1);
    expect(late.complained).toMatch(/it is approved by anna@acme\.example \(web\), \d{4}-.+ago\)/);
  });

  it('declines with a reason, and not without', async () => {
    const id = await team.propose('email.send', MAIL);
    const silent = await as('ben', 'decline', id, '--yes');
    const said = await json('ben', 'decline', id, '--yes', '--reason', 'Wrong customer');

    expect(silent.exit).toBe(2);
    expect(said).toMatchObject({
      status: 'DECLINED',
      decision: { verdict: 'decline', reason: 'Wrong customer' },
    });
    expect((await as('anna', 'list', '--settled')).said).toMatch(
      new RegExp(`${id} +declined .*by ben@acme.example`),
    );
  });

  it('changes what policy lets approvers change: less of it is an approval', async () => {
    const id = await team.propose('email.send', MAIL);
    const to = `/to=${JSON.stringify(MAIL.to.slice(0, 1))}`;
    const not = await as('anna', 'modify', id, '--yes', '--set', '/body=Hello');
    const changed = await json('anna', 'modify', id, '--yes', '--set', to);

    expect(not).toMatchObject({
      exit: 2,
      complained: expect.stringContaining('policy lets you change: /subject, /to'),
    });
    expect(changed).toMatchObject({ status: 'APPROVED', revision: 2 });
    expect((await json('anna', 'show', id)).payload).toEqual({
      ...MAIL,
      to: MAIL.to.slice(0, 1),
      cc: [],
      bcc: [],
    });
  });

  it('leaves high risk to the passkey, and says where', async () => {
    const id = await team.propose('billing.refund', REFUND);
    const { exit, complained } = await as('anna', 'approve', id, '--yes');

    expect(exit).toBe(1);
    expect(complained).toContain(`high risk and takes your passkey`);
    expect(complained).toContain(`${team.url}/a/${id}`);
  });

  it('is refused with the reason where the person may not decide', async () => {
    const id = await team.propose('email.send', MAIL);

    expect((await as('olga', 'approve', id, '--yes')).complained).toContain(
      'You had a part in asking for this',
    );
    expect((await as('anna', 'show', 'act_00000000000000000000000000')).exit).toBe(4);
  });
});
