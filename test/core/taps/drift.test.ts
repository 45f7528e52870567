import { describe, expect, it } from 'vitest';
import { changesBetween, fingerprint, shapeOf } from '#core/taps/drift.ts';

const orders = {
  id: { type: 'string' },
  total: { type: ['null', 'number'] },
  lines: { type: 'array', items: { type: 'object', properties: { sku: { type: 'string' } } } },
};

function shape(properties: object, more: object = {}) {
  return shapeOf(
    JSON.stringify({
      streams: [
        { tap_stream_id: 'orders', schema: { type: 'object', properties }, key_properties: ['id'], ...more },
      ],
    }),
  );
}

describe('the shape of a catalog', () => {
  it('leaves out what does not matter to who reads the data', () => {
    const other = {
      lines: orders.lines,
      total: { type: ['number', 'null'], description: 'in cents' },
      id: orders.id,
    };

    expect(shape(other, { metadata: [], stream: 'x' })).toEqual(shape(orders));
  });

  it('reaches into arrays and objects', () => {
    expect(shape(orders).orders?.fields).toMatchObject({ 'lines[]': 'object', 'lines[].sku': 'string' });
  });
});

describe('a change', () => {
  it.each([
    [
      'a new field',
      { ...orders, note: { type: 'string' } },
      {},
      'information',
      'orders.note is new (string)',
    ],
    [
      'a lost field',
      { id: orders.id, lines: orders.lines },
      {},
      'warning',
      'orders.total is gone (was null|number)',
    ],
    [
      'another type',
      { ...orders, id: { type: 'integer' } },
      {},
      'breaking',
      'orders.id was string, is integer',
    ],
    [
      'null that was not allowed',
      { ...orders, id: { type: ['string', 'null'] } },
      {},
      'warning',
      'orders.id was string, is null|string',
    ],
    [
      'a narrower type',
      { ...orders, total: { type: 'number' } },
      {},
      'information',
      'orders.total was null|number, is number',
    ],
    [
      'another format',
      { ...orders, id: { type: 'string', format: 'date-time' } },
      {},
      'breaking',
      'orders.id was string, is string date-time',
    ],
    ['another key', orders, { key_properties: ['total'] }, 'breaking', 'the key of orders was id, is total'],
    [
      'another bookmark',
      orders,
      { replication_key: 'id' },
      'breaking',
      'the bookmark of orders was none, is id',
    ],
  ])('to %s is told', (_, properties, more, severity, text) => {
    expect(changesBetween(shape(orders), shape(properties, more))).toEqual([{ severity, text }]);
  });

  it('of streams is told, and the worst comes first', () => {
    const before = { ...shape(orders), gone: { keys: [], replicationKey: '', fields: {} } };
    const after = {
      ...shape({ ...orders, note: { type: 'string' } }),
      fresh: { keys: [], replicationKey: '', fields: {} },
    };

    expect(changesBetween(before, after).map(({ text }) => text)).toEqual([
      'stream gone is gone',
      'stream fresh is new',
      'orders.note is new (string)',
    ]);
  });

  it('has a fingerprint that other changes do not have', () => {
    const one = changesBetween(shape(orders), shape({ ...orders, a: { type: 'string' } }));
    const other = changesBetween(shape(orders), shape({ ...orders, b: { type: 'string' } }));

    expect(fingerprint(one)).toBe(fingerprint([...one]));
    expect(fingerprint(one)).not.toBe(fingerprint(other));
  });
});
