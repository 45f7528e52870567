import { expect, it } from 'vitest';
import { outputChanges } from '#core/taps/outputs.ts';

const table = (columns: Record<string, string>, rows = 2) => ({ rows, columns });

it('tells what differs between two outputs, by file, stream and column', () => {
  const before = {
    'data.singer': { people: table({ id: 'a', age: 'b', gone: 'c' }), teams: table({}) },
    'old.csv': { '': table({}) },
  };
  const after = {
    'data.singer': { people: table({ id: 'a', age: 'x', more: 'd' }, 3) },
    'new.csv': { '': table({}) },
  };

  expect(outputChanges(before, after)).toEqual([
    'data.singer people: 2 rows → 3',
    'data.singer people: column age has other values',
    'data.singer people: column gone is gone',
    'data.singer people: column more is new',
    'data.singer teams is not written any more',
    'new.csv is new',
    'old.csv is not written any more',
  ]);
  expect(outputChanges(before, before)).toEqual([]);
});
