import { describe, expect, it } from 'vitest';
import { changesBetween, fingerprint } from '#core/taps/drift.ts';
import { type Field, type Shape, shapeOf } from '#core/taps/shape.ts';

const SINCE = 'a'.repeat(40);
const before = {
  id: { type: 'string' },
  total: { type: ['null', 'number'] },
  count: { type: 'integer' },
  mail: { type: 'string', format: 'email' },
  at: { type: 'string', format: 'date-time' },
  extra: {},
};

function shape(properties: object, more: object = {}): Shape {
  const stream = { tap_stream_id: 'orders', schema: { properties }, key_properties: ['id'], ...more };
  return shapeOf({ streams: [stream] });
}

function without(name: keyof typeof before): object {
  return Object.fromEntries(Object.entries(before).filter(([key]) => key !== name));
}

describe('a change', () => {
  it.each([
    [
      'information',
      'field added',
      { ...before, note: { type: 'string' } },
      'orders.note was not there, is string',
    ],
    ['warning', 'field removed', without('total'), 'orders.total was number or null, is not there'],
    ['breaking', 'key removed', without('id'), 'orders.id was string, is not there'],
    [
      'breaking',
      'type changed',
      { ...before, count: { type: 'boolean' } },
      'orders.count was integer, is boolean',
    ],
    [
      'breaking',
      'type changed',
      { ...before, count: { type: ['string', 'null'] } },
      'orders.count was integer, is string or null',
    ],
    [
      'warning',
      'type widened',
      { ...before, count: { type: 'number' } },
      'orders.count was integer, is number',
    ],
    [
      'breaking',
      'type widened to text or a structure',
      { ...before, count: { type: ['integer', 'string'] } },
      'orders.count was integer, is integer or string',
    ],
    [
      'breaking',
      'type widened to text or a structure',
      { ...before, count: {} },
      'orders.count was integer, is anything',
    ],
    [
      'information',
      'type narrowed',
      { ...before, total: { type: ['integer', 'null'] } },
      'orders.total was number or null, is integer or null',
    ],
    [
      'information',
      'type narrowed',
      { ...before, extra: { type: 'string' } },
      'orders.extra was anything, is string',
    ],
    [
      'warning',
      'may be null',
      { ...before, count: { type: ['integer', 'null'] } },
      'orders.count was integer, is integer or null',
    ],
    [
      'breaking',
      'key may be null',
      { ...before, id: { type: ['string', 'null'] } },
      'orders.id was string, is string or null',
    ],
    [
      'information',
      'never null any more',
      { ...before, total: { type: 'number' } },
      'orders.total was number or null, is number',
    ],
    [
      'breaking',
      'time format changed',
      { ...before, at: { type: 'string' } },
      'orders.at was string (date-time), is string',
    ],
    [
      'information',
      'format changed',
      { ...before, mail: { type: 'string' } },
      'orders.mail was string (email), is string',
    ],
  ])('is %s: %s', (severity, kind, after, text) => {
    expect(changesBetween(shape(before), shape(after))).toEqual([{ severity, kind, text }]);
  });

  it.each([
    ['key changed', { key_properties: ['total'] }, 'the key of orders was id, is total'],
    ['bookmark changed', { replication_key: 'at' }, 'the bookmark of orders was none, is at'],
  ])('is breaking: %s', (kind, more, text) => {
    expect(changesBetween(shape(before), shape(before, more))).toEqual([
      { severity: 'breaking', kind, text },
    ]);
  });

  it('of streams is told, and the worst comes first', () => {
    const empty = { keys: [], fields: {} };
    const changes = changesBetween(
      { ...shape(before), gone: empty },
      { ...shape({ ...before, count: { type: 'number' } }), fresh: empty },
    );

    expect(changes.map(({ severity, kind, text }) => `${severity}, ${kind}: ${text}`)).toEqual([
      'breaking, stream removed: stream gone',
      'warning, type widened: orders.count was integer, is number',
      'information, stream added: stream fresh',
    ]);
  });

  it('shows what a name hides', () => {
    const field: Field = { types: ['string'], nullable: false };
    const [change] = changesBetween(
      { s: { keys: [], fields: {} } },
      { s: { keys: [], fields: { 'a\n- breaking\u202e': field } } },
    );

    expect(change?.text).toBe('s.a - breaking⟦U+202E⟧ was not there, is string');
  });
});

describe('the fingerprint', () => {
  const added = (name: string) =>
    changesBetween(shape(before), shape({ ...before, [name]: { type: 'string' } }));

  it('is the same for the same changes, and for no others', () => {
    expect(fingerprint(added('a'), SINCE)).toBe(fingerprint(added('a'), SINCE));
    expect(fingerprint(added('a'), SINCE)).not.toBe(fingerprint(added('b'), SINCE));
  });

  it('is another when the same happens again after a later baseline', () => {
    expect(fingerprint(added('a'), SINCE)).not.toBe(fingerprint(added('a'), 'b'.repeat(40)));
  });
});
