import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** What no test shows, by threat: the whole of it, or a part of it. */
const LEFT_OUT: Record<string, { isWhole: boolean; why: string }> = {
  T08: {
    isWhole: false,
    why: 'traces and dead letters: the first are not made here, the second hold ids only',
  },
  T16: {
    isWhole: false,
    why: 'what API Gateway answers by itself (429, 413, 503): it takes no headers of ours',
  },
  T27: {
    isWhole: false,
    why: 'a diff on the page: it says that the request was changed, and shows the new one',
  },
  T35: { isWhole: false, why: 'a redrive: the local Step Functions refuse RedriveExecution, as they say' },
  T46: { isWhole: false, why: 'reading the issue again from GitHub: tickets are made of what was signed' },
  T47: { isWhole: false, why: 'Linear: there is no such webhook' },
  T48: { isWhole: false, why: 'answering with a link: comments are not read at all' },
};

const ALL = Array.from({ length: 50 }, (_, at) => `T${String(at + 1).padStart(2, '0')}`);

/** The threats that titles of tests, or of groups of tests, begin with. */
const tested = new Set(
  globSync('test/**/*.test.ts').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\(\s*['"`]((?:T\d\d, )*T\d\d)[ :]/g)].flatMap(([, ids = '']) =>
      ids.split(', '),
    ),
  ),
);

it('every threat of the list has a test that is named for it, or a reason why not', () => {
  const wholes = Object.keys(LEFT_OUT).filter((id) => LEFT_OUT[id]?.isWhole);

  expect(ALL.filter((id) => tested.has(id) === wholes.includes(id))).toEqual([]);
});

it('no test and no reason is for a threat that is not on the list', () => {
  expect([...tested, ...Object.keys(LEFT_OUT)].filter((id) => !ALL.includes(id))).toEqual([]);
});
