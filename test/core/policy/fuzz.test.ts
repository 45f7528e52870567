import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { activePolicy, type PolicyDocument } from '#core/policy/policy.ts';
import { isAcceptable, readPolicy } from '#core/policy/read.ts';
import { documents } from '../../support/policies.ts';

vi.setConfig({ testTimeout: 300_000 });
const numRuns = process.env.SIGNALBOX_FULL ? 10_000 : 500;

/** What a slip of the hand, or somebody who means harm, puts into a file. */
const pieces = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    '- ',
    '\n',
    '\t',
    '#',
    '"',
    "'",
    '|',
    '>',
    '&a ',
    '*a',
    '!x ',
    '? ',
    '%',
    '---\n',
    '<<: ',
  ],
  ...[
    '__proto__: ',
    'null',
    '~',
    '.nan',
    '-1',
    '1e999',
    '0x10',
    'true',
    'no',
    '\u0000',
    '\ud800',
    '\u202e',
    '９',
    'mode: auto\n',
  ],
);
const slips = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.nat({ max: 8 }),
    put: fc.oneof(pieces, fc.string({ maxLength: 4 })),
  }),
  { minLength: 1, maxLength: 4 },
);

it('is read back as it was written', () => {
  fc.assert(
    fc.property(documents, (document) => {
      const text = JSON.stringify(document);
      fc.pre(!text.includes('"constructor"')); // A key that no file may have.
      const plain = JSON.parse(text) as PolicyDocument;

      expect(readPolicy(stringify(plain)).active?.hash).toBe(activePolicy(plain, 0).hash);
    }),
    { numRuns },
  );
});

it('is read or refused at a place of the file, whatever is in it', () => {
  fc.assert(
    fc.property(documents, slips, (document, all) => {
      const text = all.reduce(
        (before, { at, drop, put }) => {
          const place = Math.floor(at * before.length);
          return before.slice(0, place) + put + before.slice(place + drop);
        },
        stringify(JSON.parse(JSON.stringify(document))),
      );
      const read = readPolicy(text);
      const lines = text.split('\n');

      if (!read.active) expect(isAcceptable(read)).toBe(false);
      for (const { line, column } of read.problems) {
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
      }
    }),
    { numRuns },
  );
});
