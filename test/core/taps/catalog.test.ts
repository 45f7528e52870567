import { describe, expect, it } from 'vitest';
import { catalogFindings, catalogProblems } from '#core/taps/catalog.ts';
import { shapeOf } from '#core/taps/shape.ts';

/** A stream as a sound catalog has it. */
const sound = {
  tap_stream_id: 'invoices',
  stream: 'invoices',
  schema: {
    type: 'object',
    properties: {
      id: { type: ['integer', 'null'] },
      updated: { type: ['string', 'null'], format: 'date-time' },
      lines: { type: ['array', 'null'], items: { type: 'object', properties: { sku: { type: 'string' } } } },
    },
  },
  key_properties: ['id'],
  replication_key: 'updated',
  replication_method: 'INCREMENTAL',
  metadata: [
    { breadcrumb: [], metadata: { inclusion: 'available', 'table-key-properties': ['id'] } },
    { breadcrumb: ['properties', 'id'], metadata: { inclusion: 'automatic' } },
    { breadcrumb: ['properties', 'updated'], metadata: { inclusion: 'automatic' } },
    { breadcrumb: ['properties', 'lines'], metadata: { inclusion: 'available' } },
  ],
};

const findings = (...streams: object[]) =>
  catalogFindings(JSON.stringify({ streams })).map(({ rule, grade, text }) => `${grade} ${rule} ${text}`);
const withProperty = (name: string, schema: unknown, more: object = {}) => ({
  ...sound,
  schema: { ...sound.schema, properties: { ...sound.schema.properties, [name]: schema } },
  metadata: [...sound.metadata, { breadcrumb: ['properties', name], metadata: { inclusion: 'available' } }],
  ...more,
});

it('finds nothing in a sound catalog', () => {
  expect(findings(sound, { ...sound, tap_stream_id: 'b', stream: 'b' })).toEqual([]);
});

describe('a bug that a tap has printed with exit code 0', () => {
  it.each<[string, object, RegExp]>([
    [
      'a type named twice',
      withProperty('lines', { type: ['array', 'array', 'null'] }),
      /FAIL SCHEMA .*\/properties\/lines\/type/,
    ],
    [
      'a list of types inside a list of types',
      withProperty('parent', {
        type: 'object',
        properties: { idn: { type: [['object', 'array', 'null'], 'null'] } },
      }),
      /FAIL SCHEMA .*\/properties\/parent\/properties\/idn\/type/,
    ],
    [
      'a key that the schema lacks',
      { ...sound, key_properties: ['idn'] },
      /FAIL KEY_MISSING invoices: key idn/,
    ],
    [
      'a key that only metadata names, and the schema lacks',
      {
        ...sound,
        key_properties: undefined,
        metadata: [
          { breadcrumb: [], metadata: { 'table-key-properties': ['uuid'] } },
          ...sound.metadata.slice(1),
        ],
      },
      /FAIL KEY_MISSING invoices: key uuid/,
    ],
    ['a key below the top level', { ...sound, key_properties: ['lines.sku'] }, /FAIL KEY_MISSING/],
  ])('is found: %s', (_, stream, text) => {
    expect(findings(stream).join('\n')).toMatch(text);
    expect(() => shapeOf({ streams: [stream] })).not.toThrow();
  });
});

describe('a catalog', () => {
  it.each<[string, object, string]>([
    [
      'has a replication key that is not there',
      { ...sound, replication_key: 'changed' },
      'FAIL REPLICATION_KEY_MISSING',
    ],
    ['is incremental by nothing', { ...sound, replication_key: undefined }, 'FAIL REPLICATION_METHOD'],
    ['follows a list', { ...sound, replication_key: 'lines' }, 'FAIL REPLICATION_KEY_TYPE'],
    [
      'has a replication key and is loaded in full',
      { ...sound, replication_method: 'FULL_TABLE' },
      'WARN REPLICATION_METHOD',
    ],
    ['refers to nothing', withProperty('a', { $ref: '#/definitions/money' }), 'FAIL REF'],
    ['names an unknown type', withProperty('a', { type: 'datetime' }), 'FAIL SCHEMA'],
    [
      'is valid in one dialect only',
      withProperty('a', { type: 'number', exclusiveMinimum: 5 }),
      'WARN SCHEMA_DIALECT',
    ],
    ['is a list at its root', { ...sound, schema: { ...sound.schema, type: 'array' } }, 'FAIL ROOT_TYPE'],
    ['has no properties', { ...sound, schema: { type: 'object' } }, 'FAIL NO_PROPERTIES'],
    ['has no schema', { ...sound, schema: 'object' }, 'FAIL SCHEMA'],
    ['has no metadata', { ...sound, metadata: [] }, 'WARN METADATA'],
    ['says nothing of a field', { ...sound, metadata: sound.metadata.slice(0, 3) }, 'WARN INCLUSION'],
    [
      'lets a key be left out',
      { ...sound, metadata: sound.metadata.map((one) => ({ ...one, metadata: { inclusion: 'available' } })) },
      'WARN KEY_OPTIONAL',
    ],
    [
      'has metadata about nothing',
      { ...sound, metadata: [...sound.metadata, { breadcrumb: ['properties', 'gone'], metadata: {} }] },
      'WARN BREADCRUMB',
    ],
    [
      'has metadata twice',
      { ...sound, metadata: [...sound.metadata, ...sound.metadata.slice(1, 2)] },
      'WARN BREADCRUMB_TWICE',
    ],
  ])('that %s is told of', (_, stream, finding) => {
    expect(findings(stream).some((one) => one.startsWith(finding))).toBe(true);
  });

  it('may use a definition of its own, however it refers to itself', () => {
    const definitions = { money: { type: 'object', properties: { more: { $ref: '#/definitions/money' } } } };
    const stream = withProperty('price', { $ref: '#/definitions/money' });
    const whole = { ...stream, schema: { ...stream.schema, definitions } };

    expect(findings(whole)).toEqual([]);
    expect(shapeOf({ streams: [whole] }).invoices?.fields['price.more']).toBeDefined();
  });

  it('may be waived a rule, with a reason, for the streams that it names', () => {
    const streams = ['report_sales', 'invoices'].map((name) => ({
      ...sound,
      tap_stream_id: name,
      key_properties: ['day'],
    }));
    const waivers = [{ rule: 'KEY_MISSING', stream: 'report_*', reason: 'the key is made by the report' }];

    expect(catalogProblems(JSON.stringify({ streams }), waivers)).toEqual([
      'invoices: key day is not in its schema',
    ]);
    expect(catalogFindings(JSON.stringify({ streams }), waivers)).toContainEqual(
      expect.objectContaining({
        grade: 'WAIVED',
        stream: 'report_sales',
        reason: 'the key is made by the report',
      }),
    );
  });

  it('made to cost is refused, or read in reasonable time', () => {
    const depth = 30;
    const definitions = Object.fromEntries(
      Array.from({ length: depth }, (_, at) => [
        `d${at}`,
        { properties: { a: { $ref: `#/definitions/d${at + 1}` }, b: { $ref: `#/definitions/d${at + 1}` } } },
      ]),
    );
    const schema = { type: 'object', properties: { x: { $ref: '#/definitions/d0' } }, definitions };
    const deep = JSON.parse(`${'{"type":"object","properties":{"a":'.repeat(1_000)}{}${'}}'.repeat(1_000)}`);

    for (const one of [schema, deep])
      expect(() => shapeOf({ streams: [{ stream: 's', schema: one }] })).toThrow(
        expect.objectContaining({ code: 'Invalid' }),
      );
    expect(findings({ ...sound, schema: deep })).toEqual([
      'FAIL SCHEMA invoices: its schema is nested over 150 deep',
    ]);
  });
});
