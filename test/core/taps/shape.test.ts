import { describe, expect, it } from 'vitest';
import { complaints } from '#core/taps/catalog.ts';
import { shapeOf } from '#core/taps/shape.ts';

const orders = {
  id: { type: 'string' },
  total: { type: ['null', 'number'] },
  lines: { type: 'array', items: { type: 'object', properties: { sku: { type: 'string' } } } },
};

function catalog(properties: object, more: object = {}) {
  return { streams: [{ tap_stream_id: 'orders', schema: { type: 'object', properties }, ...more }] };
}
const fields = (properties: object) => shapeOf(catalog(properties)).orders?.fields;

describe('the shape of a catalog', () => {
  it('leaves out what does not matter to who reads the data', () => {
    const reordered = {
      lines: orders.lines,
      total: { type: ['number', 'null'], description: 'in cents', title: 'Total' },
      id: orders.id,
    };
    const selected = { metadata: [{ breadcrumb: [], metadata: { selected: true } }], stream: 'Orders' };

    expect(JSON.stringify(shapeOf(catalog(reordered, selected)))).toBe(
      JSON.stringify(shapeOf(catalog(orders))),
    );
  });

  it('has the same text in whatever order streams come', () => {
    const [a, b] = ['a', 'b'].map((id) => ({ tap_stream_id: id, schema: { properties: orders } }));

    expect(JSON.stringify(shapeOf({ streams: [b, a] }))).toBe(JSON.stringify(shapeOf({ streams: [a, b] })));
  });

  it('reaches into arrays and objects', () => {
    expect(fields(orders)).toMatchObject({
      'lines[]': { types: ['object'] },
      'lines[].sku': { types: ['string'] },
    });
  });

  it('takes alternatives for one set of types, with the fields of each', () => {
    const when = { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] };
    const who = { oneOf: [{ type: 'object', properties: { name: { type: 'string' } } }, { type: 'null' }] };

    expect(fields({ when, who })).toEqual({
      when: { types: ['string'], nullable: true, format: 'date-time' },
      who: { types: ['object'], nullable: true },
      'who.name': { types: ['string'], nullable: false },
    });
  });

  it('knows keys that only the metadata names', () => {
    const metadata = [{ breadcrumb: [], metadata: { 'table-key-properties': ['id'] } }];

    expect(shapeOf(catalog(orders, { metadata })).orders?.keys).toEqual(['id']);
  });
});

describe('the log of a discovery', () => {
  it.each([
    ['2026-11-21 05:00:00 | ERROR    | tap-x | 403 Client Error'],
    ['CRITICAL Config is missing required keys'],
    ['Traceback (most recent call last):'],
    ['WARNING Error discovering stream orders'],
    ['{"level": "error", "message": "no permission"}'],
  ])('complains with %s', (line) => {
    expect(complaints(`INFO starting\n${line}\nINFO done`)).toEqual([line]);
  });

  it('does not complain about a field that is called error', () => {
    expect(complaints('INFO 0 errors\nINFO stream error_log has an error field\n')).toEqual([]);
  });
});
