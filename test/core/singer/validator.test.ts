import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keySet, seedOf } from '#core/singer/keys.ts';
import { type Line, lineReader } from '#core/singer/lines.ts';
import { SingerReport } from '#core/singer/report.ts';
import { singerValidator, type ValidatorOptions } from '#core/singer/validator.ts';

const utf8 = new TextEncoder();

const SCHEMA = {
  type: 'SCHEMA',
  stream: 'users',
  key_properties: ['id'],
  schema: {
    type: 'object',
    properties: {
      id: { type: 'integer' },
      at: { type: ['string', 'null'], format: 'date-time' },
      tags: { type: ['null', 'array'], items: { type: 'object', properties: { name: { type: 'string' } } } },
    },
  },
};
const STATE = { type: 'STATE', value: { bookmarks: { users: { replication_key_value: '2026-01-01' } } } };
const record = (row: object, more: object = {}) => ({
  type: 'RECORD',
  stream: 'users',
  record: row,
  ...more,
});

function read(lines: (object | string)[], options: ValidatorOptions = {}): SingerReport {
  const validator = singerValidator(options);
  const reader = lineReader(validator.line);
  reader.push(
    utf8.encode(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')),
  );
  reader.end();
  return SingerReport.parse(validator.end());
}

function kinds(lines: (object | string)[], options?: ValidatorOptions) {
  return read(lines, options).violations.map(({ kind, firstLine, path }) => [
    kind,
    firstLine,
    ...(path ? [path] : []),
  ]);
}

it('finds nothing wrong with a sound run, and counts it', () => {
  const row = { id: 1, at: '2026-01-01T00:00:00Z', tags: [{ name: 'a' }] };
  const report = read([SCHEMA, record(row), record({ id: 2, at: null }), STATE]);

  expect(report).toMatchObject({ lines: 4, violations: [], keySampling: 1, endsWithState: true });
  expect(report.streams.users).toMatchObject({
    records: 2,
    invalid: 0,
    fields: { at: { present: 2, filled: 1 }, 'tags[].name': { present: 1, filled: 1 } },
  });
});

describe('one line that is wrong', () => {
  it.each<[what: string, lines: (object | string)[], found: unknown]>([
    ['noise', [SCHEMA, 'Fetching page 1', STATE], ['noise', 2]],
    ['a number', ['7', STATE], ['not-a-message', 1]],
    ['NaN', [SCHEMA, '{"type":"RECORD","stream":"users","record":{"id":1,"at":NaN}}', STATE], ['nan', 2]],
    ['a record without a stream', [SCHEMA, { type: 'RECORD', record: {} }, STATE], ['malformed-message', 2]],
    ['a schema without keys', [{ ...SCHEMA, key_properties: undefined }, STATE], ['malformed-message', 1]],
    ['a state without a value', [SCHEMA, { type: 'STATE' }], ['malformed-message', 2]],
    ['a record before its schema', [record({ id: 1 }), SCHEMA, STATE], ['record-before-schema', 1]],
    ['a word where a number is due', [SCHEMA, record({ id: 'abc-uuid' }), STATE], ['wrong-type', 2, 'id']],
    ['true where a number is due', [SCHEMA, record({ id: true }), STATE], ['wrong-type', 2, 'id']],
    [
      'a word where a time is due',
      [SCHEMA, record({ id: 1, at: 'yesterday' }), STATE],
      ['wrong-format', 2, 'at'],
    ],
    [
      'a day that is none',
      [SCHEMA, record({ id: 1, at: '2026-13-40T00:00:00' }), STATE],
      ['wrong-format', 2, 'at'],
    ],
    [
      'a time without a zone',
      [SCHEMA, record({ id: 1, at: '2026-01-02 03:04:05' }), STATE],
      ['no-time-zone', 2, 'at'],
    ],
    [
      'a wrong value inside',
      [SCHEMA, record({ id: 1, tags: [{ name: 7 }] }), STATE],
      ['wrong-type', 2, 'tags[].name'],
    ],
    [
      'a field that nobody declared',
      [SCHEMA, record({ id: 1, new: 1 }), STATE],
      ['undeclared-field', 2, 'new'],
    ],
    ['one inside', [SCHEMA, record({ id: 1, tags: [{ x: 1 }] }), STATE], ['undeclared-field', 2, 'tags[].x']],
    ['no key', [SCHEMA, record({ at: null }), STATE], ['key-missing', 2, 'id']],
    ['a key twice', [SCHEMA, record({ id: 1 }), record({ id: 1 }), STATE], ['key-repeated', 3]],
    [
      'a key that the schema lacks',
      [{ ...SCHEMA, key_properties: ['uid'] }, STATE],
      ['key-not-in-schema', 1, 'uid'],
    ],
    [
      'a nested list of types',
      [schemaOf({ id: { type: [['object', 'null'], 'null'] } }), STATE],
      ['schema-invalid', 1],
    ],
    ['a type twice', [schemaOf({ id: { type: ['array', 'array', 'null'] } }), STATE], ['schema-invalid', 1]],
    [
      'a reference to elsewhere',
      [schemaOf({ id: { $ref: 'http://localhost/x' } }), STATE],
      ['schema-invalid', 1],
    ],
    ['small letters', [{ ...SCHEMA, type: 'schema' }, STATE], ['lower-case-type', 1]],
    ['an unknown type', [SCHEMA, { type: 'PING' }, STATE], ['unknown-type', 2]],
    ['a batch', [SCHEMA, { type: 'BATCH', stream: 'users' }, STATE], ['batch', 2]],
    [
      'a version that is none',
      [{ type: 'ACTIVATE_VERSION', stream: 'users' }, STATE],
      ['malformed-message', 1],
    ],
    [
      'an odd time of extraction',
      [SCHEMA, record({ id: 1 }, { time_extracted: 'now' }), STATE],
      ['time-extracted', 2],
    ],
    ['no state at the end', [SCHEMA, record({ id: 1 })], ['no-final-state', 2]],
    ['progress markers at the end', [stateAt('2026', { progress_markers: {} })], ['state-unfinished', 1]],
    ['a bookmark that goes back', [stateAt('2026-02-01'), stateAt('2026-01-01')], ['bookmark-backwards', 2]],
  ])('is told once, with its line: %s', (_, lines, found) => {
    expect(kinds(lines)).toEqual([found]);
  });

  function stateAt(value: string, more: object = {}) {
    return { type: 'STATE', value: { bookmarks: { users: { replication_key_value: value, ...more } } } };
  }
});

function schemaOf(properties: object) {
  return { ...SCHEMA, schema: { type: 'object', properties } };
}

describe('what is right, though it looks odd', () => {
  it.each<[what: string, lines: (object | string)[]]>([
    ['a blank line', [SCHEMA, '', STATE]],
    ['an empty schema for anything', [schemaOf({ id: {} }), record({ id: 'x' }), STATE]],
    [
      'a new schema for what follows',
      [SCHEMA, record({ id: 1 }), schemaOf({ id: { type: 'string' } }), record({ id: '1' }), STATE],
    ],
    [
      'limits of draft 4',
      [schemaOf({ id: { type: 'integer', minimum: 0, exclusiveMinimum: true } }), record({ id: 1 }), STATE],
    ],
    [
      'decimals of a database',
      [schemaOf({ id: { type: 'number', multipleOf: 1e-38 } }), record({ id: 12.34 }), STATE],
    ],
    ['the same id in two schemas', [withId('users'), withId('orders'), STATE]],
    [
      'one alternative of several',
      [
        schemaOf({ id: { anyOf: [{ type: 'string', format: 'date-time' }, { type: ['integer', 'null'] }] } }),
        record({ id: 3 }),
        STATE,
      ],
    ],
    ['keys that only JavaScript confuses', [SCHEMA, big('9007199254740993'), big('9007199254740992'), STATE]],
    [
      'a key again in a new version',
      [SCHEMA, record({ id: 1 }, { version: 1 }), record({ id: 1 }, { version: 2 }), STATE],
    ],
    [
      'any property of an open object',
      [
        schemaOf({ id: { type: 'object', properties: { a: {} }, additionalProperties: { type: 'string' } } }),
        record({ id: { b: 'x' } }),
        STATE,
      ],
    ],
    ['a bookmark that stands', [STATE, STATE]],
  ])('%s', (_, lines) => {
    expect(kinds(lines)).toEqual([]);
  });

  function big(id: string) {
    return `{"type":"RECORD","stream":"users","record":{"id":${id}}}`;
  }
  function withId(stream: string) {
    return { ...SCHEMA, stream, schema: { ...SCHEMA.schema, $id: 'http://localhost/one' } };
  }
});

it('lets a child stream repeat keys below its parents, and says so', () => {
  const state = {
    type: 'STATE',
    value: { bookmarks: { users: { partitions: [{ context: { team: 1 } }] } } },
  };

  expect(kinds([SCHEMA, record({ id: 1 }), record({ id: 1 }), state])).toEqual([
    ['key-repeated-below-parents', 3],
  ]);
});

it('asks no last state and no whole last line of a run that was stopped', () => {
  const lines = [SCHEMA, record({ id: 1 }), '{"type":"RECORD","str'];

  expect(kinds(lines, { isLimited: true })).toEqual([]);
  expect(kinds(lines)).toEqual([
    ['noise', 3],
    ['no-final-state', 3],
  ]);
});

it('counts the same fault of many records once, and shows wrong records first', () => {
  const rows = [{ id: 1 }, { id: 'a' }, { id: 'b' }].map((row) => record(row));
  const { violations, streams, samples } = read([SCHEMA, ...rows, STATE]);

  expect(violations).toMatchObject([
    { kind: 'wrong-type', stream: 'users', path: 'id', count: 2, firstLine: 3 },
  ]);
  expect(streams.users?.invalid).toBe(2);
  expect(samples.map(({ line }) => line)).toEqual([3, 4, 2]);
});

it('keeps nothing that must be taken out', () => {
  const redact = (text: string) => text.replaceAll('hush-hush', '[secret]');
  const text = JSON.stringify(read([SCHEMA, 'hush-hush', record({ id: 'hush-hush' }), STATE], { redact }));

  expect(text).toContain('[secret]');
  expect(text).not.toContain('hush-hush');
});

describe('lines', () => {
  it('are the same however the bytes are cut', () => {
    const text = fc.array(fc.string({ unit: 'grapheme' }).map((one) => one.replaceAll('\n', ' ')));
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (lines, sizes) => {
        const taken: Line[] = [];
        const reader = lineReader((line) => taken.push(line));
        const bytes = utf8.encode(lines.map((line) => `${line}\n`).join(''));
        for (let from = 0, turn = 0; from < bytes.length; turn++) {
          const to = from + (sizes[turn % sizes.length] ?? 1);
          reader.push(bytes.subarray(from, to));
          from = to;
        }
        reader.end();

        expect(taken).toEqual(lines.map((line, index) => ({ text: line, number: index + 1 })));
      }),
    );
  });

  it('that are too long or no text are told, and the next one is read', () => {
    const taken: Line[] = [];
    const reader = lineReader((line) => taken.push(line), 10);
    reader.push(utf8.encode('a\n'));
    reader.push(Uint8Array.of(0xff, 10, 65, 10));
    for (let part = 0; part < 5; part++) reader.push(utf8.encode('12345'));
    reader.push(utf8.encode('\nb'));
    reader.end();

    expect(taken.map(({ text, isDamaged, isCut }) => [text.length, isDamaged, isCut])).toEqual([
      [1, undefined, undefined],
      [1, true, undefined],
      [1, undefined, undefined],
      [10, undefined, true],
      [1, undefined, undefined],
    ]);
  });
});

describe('keys', () => {
  it('are told from each other exactly while there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3 })), (names) => {
        const keys = keySet();
        const seen = new Set<string>();
        for (const name of names) {
          expect(keys.has(seedOf('s'), name)).toBe(seen.has(name));
          seen.add(name);
        }
        expect(keys.sampling()).toBe(1);
      }),
    );
  });

  it('are the same in one stream only', () => {
    const keys = keySet();
    keys.has(seedOf('a'), '1');

    expect([keys.has(seedOf('b'), '1'), keys.has(seedOf('a'), '1')]).toEqual([false, true]);
  });

  it('are sampled when there is no room, without mistaking one for another', () => {
    const keys = keySet(1_024);
    const all = Array.from({ length: 20_000 }, (_, index) => String(index));
    const fresh = all.filter((key) => keys.has(seedOf('s'), key));
    const again = all.filter((key) => keys.has(seedOf('s'), key));

    expect(fresh).toEqual([]);
    expect(keys.sampling()).toBeGreaterThan(1);
    expect(again.length / all.length).toBeCloseTo(1 / keys.sampling(), 1);
    expect(again.length).toBeGreaterThan(100);
  });
});

it('survives anything, and says the same of it each time', () => {
  const name = fc.constantFrom('users', 'orders', '__proto__', 'constructor');
  const message = fc.record(
    {
      type: fc.constantFrom('RECORD', 'SCHEMA', 'STATE', 'ACTIVATE_VERSION', 'record', 'toString'),
      stream: fc.oneof(name, fc.anything()),
      schema: fc.oneof(fc.constant(SCHEMA.schema), fc.jsonValue()),
      key_properties: fc.oneof(fc.array(name), fc.anything()),
      record: fc.oneof(fc.dictionary(fc.oneof(name, fc.string()), fc.jsonValue()), fc.jsonValue()),
      value: fc.oneof(fc.record({ bookmarks: fc.dictionary(name, fc.jsonValue()) }), fc.jsonValue()),
      version: fc.jsonValue(),
    },
    { requiredKeys: ['type'] },
  );
  const line = fc.oneof(
    message.map((one) => JSON.stringify(one) ?? ''),
    fc.json(),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
      const report = read(lines);

      expect(read(lines)).toEqual(report);
      expect(JSON.parse(JSON.stringify(report))).toBeTruthy();
    }),
    { numRuns: 300 },
  );
});
