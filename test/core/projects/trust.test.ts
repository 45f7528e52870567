import { expect, it } from 'vitest';
import { Repository } from '#core/projects/project.ts';
import { distrust } from '#core/projects/trust.ts';

function repository(trustedReporters?: string[]): Repository {
  return Repository.parse({
    ...{ fullName: 'acme/tap', cloneUrl: 'https://f.example/acme/tap.git', apiUrl: 'https://f.example/api' },
    ...{ kind: 'tap', trustedReporters },
  });
}

it.each([
  [['*'], { name: 'Anyone' }],
  [['*@acme.example'], { name: 'Dana', email: 'Dana@Acme.example' }],
  [['dana@acme.example'], { name: 'Dana', email: 'dana@acme.example' }],
  [['dana@acme.example'], undefined],
])('trusts, where %j are trusted, %j', (reporters, reporter) => {
  expect(distrust(repository(reporters), reporter)).toBeUndefined();
});

it.each([
  [undefined, { name: 'Dana', email: 'dana@acme.example' }, /acme\/tap is not marked/],
  [undefined, undefined, /acme\/tap is not marked/],
  [['dana@acme.example'], { name: 'dana@acme.example' }, /dana@acme.example is not among/],
  [['*@acme.example'], { name: 'Eve', email: 'eve@evilacme.example' }, /eve@evilacme.example is not among/],
  [['*@acme.example'], { name: 'Eve', email: 'eve@sub.acme.example' }, /not among/],
])('says whom it does not trust, where %j are trusted, of %j', (reporters, reporter, why) => {
  expect(distrust(repository(reporters), reporter)).toMatch(why);
});
