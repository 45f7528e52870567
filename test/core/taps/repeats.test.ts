import { expect, it } from 'vitest';
import { doubling } from '#core/taps/repeats.ts';

const write = (what: string, isUpdate = false) => ({ what, isUpdate });

it.each([
  ['the same POST', 'POST /people', true],
  ['PUT to the same address', 'PUT /people/1', false],
  ['PUT to a new address', 'PUT /people/2', true],
  ['PATCH', 'PATCH /people/9', false],
  ['DELETE', 'DELETE /people/9', false],
  ['a POST that only asks', 'POST /people/search', false],
])('what a second run writes may make a record again or not: %s', (_what, again, isDoubled) => {
  const first = [write('POST /people'), write('PUT /people/1')];

  expect(doubling(first, [write(again)])).toEqual(isDoubled ? [write(again)] : []);
});

it('a write that names a record made before makes none', () => {
  expect(
    doubling([write('POST /people')], [write('PUT /people/mock-1', true), write('POST /graphql', true)]),
  ).toEqual([]);
});
