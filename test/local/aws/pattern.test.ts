import { describe, expect, it } from 'vitest';
import { matches } from '#local/aws/pattern.ts';

const event = {
  source: 'signalbox',
  detail: {
    kind: 'RunFailed',
    count: 5,
    tags: ['red', 'late'],
    none: null,
    ok: true,
    parts: [{ n: 1 }, { n: 2 }],
  },
};

describe('matches', () => {
  it.each([
    ['a literal', { source: ['signalbox'] }, true],
    ['one of several', { source: ['other', 'signalbox'] }, true],
    ['another literal', { source: ['other'] }, false],
    ['every field, not just one', { source: ['signalbox'], detail: { kind: ['Other'] } }, false],
    ['null', { detail: { none: [null] } }, true],
    ['null is not absent', { detail: { gone: [null] } }, false],
    ['a number is not its text', { detail: { count: ['5'] } }, false],
    ['a member of an array', { detail: { tags: ['late'] } }, true],
    ['an object in an array', { detail: { parts: { n: [2] } } }, true],
    ['a prefix', { detail: { kind: [{ prefix: 'Run' }] } }, true],
    ['a prefix in any case', { detail: { kind: [{ prefix: { 'equals-ignore-case': 'rUN' } }] } }, true],
    ['a suffix', { detail: { kind: [{ suffix: 'Run' }] } }, false],
    ['any case', { detail: { kind: [{ 'equals-ignore-case': 'runfailed' }] } }, true],
    ['a wildcard', { detail: { kind: [{ wildcard: 'R*F*d' }] } }, true],
    ['a wildcard takes dots literally', { detail: { kind: [{ wildcard: 'R.nFailed' }] } }, false],
    ['presence', { detail: { ok: [{ exists: true }] } }, true],
    ['presence of nothing', { detail: { gone: [{ exists: true }] } }, false],
    ['absence', { detail: { gone: [{ exists: false }] } }, true],
    ['absence below what is absent', { nowhere: { gone: [{ exists: false }] } }, true],
    ['anything but', { detail: { kind: [{ 'anything-but': ['A', 'B'] }] } }, true],
    ['anything but the one', { detail: { kind: [{ 'anything-but': 'RunFailed' }] } }, false],
    ['anything but a prefix', { detail: { kind: [{ 'anything-but': { prefix: ['Run', 'X'] } }] } }, false],
    ['anything but, of nothing', { detail: { gone: [{ 'anything-but': 'A' }] } }, false],
    ['a range', { detail: { count: [{ numeric: ['>', 0, '<=', 5] }] } }, true],
    ['outside a range', { detail: { count: [{ numeric: ['>', 5] }] } }, false],
    ['either branch', { detail: { $or: [{ kind: ['Other'] }, { count: [5] }] } }, true],
    ['no branch', { detail: { $or: [{ kind: ['Other'] }, { count: [6] }] } }, false],
  ])('judges %s', (_, pattern, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  it.each([
    ['an unknown operator', { gone: [{ cidr: '10.0.0.0/8' }] }, /"cidr"/],
    ['a bare value', { source: 'signalbox' }, /source/],
    ['a lone $or', { $or: [{ source: ['a'] }] }, /\$or/],
    ['numeric text', { n: [{ numeric: ['>', '1'] }] }, /numeric/],
  ])('refuses %s', (_, pattern, message) => {
    expect(() => matches(pattern, event)).toThrow(message);
  });
});
