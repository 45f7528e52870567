import { describe, expect, it } from 'vitest';
import { modification } from '#core/actions/modification.ts';
import { notMore, someOf, wordsOf } from '#core/actions/narrows.ts';
import { ACTION_TYPES, actionType } from '#core/actions/registry.ts';

const headline = (type: string, payload: object) => actionType(type)?.headline(payload);

describe('a headline', () => {
  const mail = { to: ['all@company.example'], subject: 'send to Bob', body: 'To: Bob' };

  it.each([
    ['email.send', mail, 'Send a mail to all@company.example: send to Bob'],
    [
      ...([
        'email.send',
        { ...mail, cc: ['b@x.example', 'c@x.example'], bcc: ['d@x.example', 'e@x.example'] },
      ] as const),
      'Send a mail to all@company.example, b@x.example, c@x.example and 2 more: send to Bob',
    ],
    ['slack.post_message', { channel: 'C0123', text: 'hello' }, 'Post 5 characters in Slack channel C0123'],
    ['repo.read', { repository: 'acme/tap' }, 'Read every file of acme/tap'],
    ['repo.read', { repository: 'acme/tap', ref: 'main', paths: ['a'] }, 'Read 1 path of acme/tap at main'],
    [
      ...([
        'repo.open_pr',
        { repository: 'acme/tap', base: 'main', branch: 'fix', title: 'x', diff: '' },
      ] as const),
      'Open a pull request in acme/tap from fix into main',
    ],
    [
      ...(['billing.refund', { charge: 'ch_1', customer: 'Anna', amount: 1999, currency: 'USD' }] as const),
      "Refund 1999 of USD's smallest unit to Anna on charge ch_1",
    ],
    [
      ...([
        'ticket.close',
        { source: 'jira', externalId: 'A-1', resolution: 'wont_fix', comment: 'no' },
      ] as const),
      'Close A-1 in jira as wont fix, with a comment',
    ],
  ])('of %s says what its payload says', (type, payload, expected) => {
    expect(headline(type, payload)).toBe(expected);
  });

  it('writes out what would deceive the eye', () => {
    expect(headline('email.send', { ...mail, subject: 'a\u202eb' })).toContain('a⟦U+202E⟧b');
  });

  it('is not made of a payload that the type does not take', () => {
    expect(() => headline('email.send', { ...mail, summary: 'send to Bob' })).toThrow(/summary/);
  });
});

it('names every type once, and only facts and fields that it has', () => {
  expect(new Set(ACTION_TYPES.map(({ type }) => type)).size).toBe(ACTION_TYPES.length);
  for (const { modifiable } of ACTION_TYPES)
    for (const path of Object.keys(modifiable)) expect(path).toMatch(/^\/[a-zA-Z]+$/);
});

describe('a change asks for no more', () => {
  it.each([
    [notMore, 5, 5, true],
    [notMore, 5, 6, false],
    [notMore, 5, '4', false],
    [notMore, 5, Number.NaN, false],
    [someOf, ['a', 'b'], ['b'], true],
    [someOf, ['a'], ['a', 'c'], false],
    [someOf, ['a'], 'a', false],
    [wordsOf, 'pay Anna and Ben now', 'pay Ben', true],
    [wordsOf, 'pay Anna and Ben now', 'pay  Anna\nnow ', true],
    [wordsOf, 'pay Anna', 'pay Benn', false],
    [wordsOf, 'pay Anna', 'Anna pay', false],
    [wordsOf, 'pay', 'pay pay', false],
    [wordsOf, 'pay', '', true],
  ])('%# %j → %j: %s', (narrows, before, after, expected) => {
    expect(narrows(before, after)).toBe(expected);
  });
});

describe('a modification', () => {
  const before = { to: ['a@x.example', 'b@x.example'], cc: [], bcc: [], subject: 'Hello all', body: 'x' };
  const allowed = ['/to', '/subject'];
  const made = (patch: object) => modification('email.send', { before, patch: { ...patch }, allowed });

  it('that leaves out counts as the agreement of who made it', () => {
    expect(made({ '/to': ['b@x.example'], '/subject': 'Hello' })).toEqual({
      payload: { ...before, to: ['b@x.example'], subject: 'Hello' },
      ...{ changed: ['/to', '/subject'], narrows: true },
    });
  });

  it('that says something else does not', () => {
    expect(made({ '/to': ['b@x.example'], '/subject': 'Goodbye' })).toMatchObject({ narrows: false });
  });

  it('that changes nothing has changed nothing', () => {
    expect(made({ '/subject': 'Hello all' })).toMatchObject({ changed: [], narrows: true });
  });

  it.each([
    ['a field that policy does not name', { '/body': '' }, 'Forbidden'],
    ['a field that the type does not have', { '/__proto__': {} }, 'Forbidden'],
    ['a value that the type does not take', { '/to': [] }, 'Invalid'],
    ['an address that is none', { '/to': ['everyone'] }, 'Invalid'],
  ])('of %s is refused', (_, patch, code) => {
    expect(() => made(patch)).toThrow(expect.objectContaining({ code }));
  });

  it('of a kind that nobody knows is refused', () => {
    expect(() => modification('crm.delete', { before: {}, patch: { '/a': 1 }, allowed: ['/a'] })).toThrow(
      /nothing of it|may not/,
    );
  });
});
