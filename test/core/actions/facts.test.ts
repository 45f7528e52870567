import { describe, expect, it } from 'vitest';
import { channelAudience, mailAudience } from '#core/actions/audience.ts';
import { costProvider } from '#core/actions/cost.ts';
import { diffSize } from '#core/actions/diff.ts';
import { drifted } from '#core/actions/drift.ts';
import { isWithin } from '#core/actions/facts.ts';
import { type FactProvider, measure } from '#core/actions/measure.ts';

const action = (type: string, payload: unknown, runId?: string) => ({ org: 'acme', type, payload, runId });

describe('a mail', () => {
  const sent = (to: string[], rest = {}, domains = ['Acme.example']) =>
    mailAudience({
      domains: async () => domains,
      people: async () => ['Anna@acme.example', 'ben@mail.example'],
    }).measure(action('email.send', { to, subject: 'x', body: '', ...rest }));

  it('goes to each person once, however they are written and wherever', async () => {
    const rest = { cc: ['ANNA@acme.example', 'ben@mail.example'], bcc: ['cora@other.example'] };

    expect(await sent(['anna@acme.example'], rest)).toEqual({
      ...{ recipients: 3, external_recipients: 1, external: true },
    });
  });

  it('stays inside with people whose domain nobody named', async () => {
    expect(await sent(['anna@acme.example'], {}, [])).toMatchObject({ recipients: 1, external: false });
  });

  it.each(['all@acme.example', 'all@eu.acme.example'])(
    'to %s, a list of our own, goes to nobody knows how many',
    async (to) => {
      expect(await sent([to])).toEqual({ external_recipients: 0, external: false });
      expect(await sent([to], {}, [])).toEqual({ external_recipients: 1, external: true });
    },
  );

  it.each(['anna@notacme.example', 'anna@acme.example.evil.example', 'cora@mail.example'])(
    'to %s goes outside',
    async (to) => {
      expect(await sent([to])).toMatchObject({ external: true });
    },
  );
});

it('says of a channel what it is told, and nothing when nobody knows', async () => {
  const provider = channelAudience({
    audience: async (_, channel) => (channel === 'C012' ? { members: 20, external: false } : undefined),
  });
  const posted = (channel: string) => provider.measure(action('slack.post_message', { channel, text: 'x' }));

  expect(await posted('C012')).toEqual({ channel_members: 20, external: false });
  expect(await posted('C999')).toEqual({});
});

describe('cost', () => {
  const provider = costProvider({ nanoUsd: async (_, run) => (run === 'run_1' ? 1_240_000_000 : undefined) });
  const refund = { charge: 'ch_1', customer: 'c', amount: 1_999, currency: 'USD' };
  const plain = { name: 'x', kind: 'tap', system: 'Y', repository: 'a/b', budgetNanoUsd: 5e9 };

  it.each([
    ['billing.refund', refund, 19.99],
    ['billing.refund', { ...refund, currency: 'JPY' }, undefined],
    ['integration.create', plain, 5],
    ['repo.read', {}, undefined],
  ])('of %s %j is %s', async (type, payload, expected) => {
    expect((await provider.measure(action(type, payload))).cost_usd).toBe(expected);
  });

  it('of a pull request is what its run has spent', async () => {
    const spent = async (run?: string) => (await provider.measure(action('repo.open_pr', {}, run))).cost_usd;

    expect([await spent('run_1'), await spent('run_2'), await spent()]).toEqual([1.24, undefined, undefined]);
  });
});

describe('a difference', () => {
  const one = `diff --git a/x.py b/x.py
index 1..2 100644
--- a/x.py
+++ b/x.py
@@ -1,3 +1,4 @@ def f():
 a
-b
+diff --git a/y b/y
++++ c
 d
`;

  it('is counted by what its hunks say they hold', () => {
    expect(diffSize(one)).toEqual({ files: 1, lines: 3 });
  });

  it('of several files counts each, renames too', () => {
    const moved = 'diff --git a/p b/q\nsimilarity index 100%\nrename from p\nrename to q\n';

    expect(diffSize(`${one}${moved}`)).toEqual({ files: 2, lines: 3 });
  });

  it('of a binary file has no lines to count', () => {
    expect(diffSize('diff --git a/p b/p\nindex 1..2\nBinary files a/p and b/p differ\n')).toEqual({
      ...{ files: 1, lines: undefined },
    });
  });

  it('ends without a newline where the file does', () => {
    expect(
      diffSize(
        'diff --git a/p b/p\n--- a/p\n+++ b/p\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n',
      ),
    ).toEqual({
      ...{ files: 1, lines: 2 },
    });
  });

  it.each([
    ['nothing', ''],
    ['words', 'I change one line'],
    ['a hunk cut short', one.replace(' d\n', '')],
    ['a hunk that holds more than it says', one.replace('+1,4', '+1,3')],
    ['a hunk of no file', '@@ -1 +1 @@\n-a\n+b\n'],
    ['a merge', 'diff --cc x\nindex 1,2..3\n'],
    ['a line that belongs to nothing', `${one}rm -rf\n`],
  ])('that is not understood is not counted: %s', (_, text) => {
    expect(diffSize(text)).toBeUndefined();
  });
});

describe('measuring', () => {
  const payload = { to: ['a@b.example'], subject: 'x', body: '' };
  const says = (provides: FactProvider['provides'], facts: object): FactProvider => ({
    provides,
    measure: async () => ({ ...facts }),
  });

  it('takes only facts of the type, from who provides them', async () => {
    const { facts } = await measure(action('email.send', payload), [
      says(['pii'], { pii: 'none', recipients: 0, cost_usd: 0 }),
      says(['recipients'], { recipients: 3 }),
      says(['files_changed'], { files_changed: 1 }),
    ]);

    expect(facts).toEqual({ pii: 'none', recipients: 3 });
  });

  it('leaves out what a provider that fails would have said', async () => {
    const broken: FactProvider = { provides: ['pii'], measure: () => Promise.reject(new Error('down')) };
    const { facts, failures } = await measure(action('email.send', payload), [
      broken,
      says(['recipients'], { recipients: 3 }),
    ]);

    expect(facts).toEqual({ recipients: 3 });
    expect(failures).toMatchObject([{ provides: ['pii'], error: { message: 'down' } }]);
  });

  it('knows nothing of a kind that nobody knows', async () => {
    expect((await measure(action('crm.delete', {}), [says(['pii'], { pii: 'none' })])).facts).toEqual({});
  });
});

describe('drift', () => {
  const agreed = {
    ...{ cost_usd: 1, files_changed: 10, lines_changed: 100, recipients: 10, external_recipients: 0 },
    ...{ channel_members: 20, external: false, pii: 'masked' },
  };

  it.each([
    ['cost_usd', 1.1, 1.11],
    ['files_changed', 11, 12],
    ['lines_changed', 110, 111],
    ['recipients', 11, 12],
    ['external_recipients', 0, 1],
    ['channel_members', 22, 2000],
    ['external', false, true],
    ['pii', 'none', 'raw'],
  ])('of %s begins after %s', (fact, still, gone) => {
    expect(drifted(agreed, { ...agreed, [fact]: still })).toEqual([]);
    expect(drifted(agreed, { ...agreed, [fact]: gone })).toEqual([fact]);
    expect(drifted(agreed, { ...agreed, [fact]: undefined })).toEqual([fact]);
  });
});

it('holds no limit of a fact by the name of something that every object has', () => {
  expect(isWithin('constructor', { value: 1, limit: 1 })).toBe(false);
  expect(isWithin('toString', { value: 1, limit: 1 })).toBe(false);
});
