import { describe, expect, it } from 'vitest';
import type { Consumer } from '#core/taps/consumers.ts';
import { changesBetween, fingerprint, idOf, type Judgement, sentence } from '#core/taps/drift.ts';
import { type Shape, shapeOf } from '#core/taps/shape.ts';

const SINCE = 'a'.repeat(40);
const before = {
  id: { type: 'string' },
  total: { type: ['null', 'number'] },
  count: { type: 'integer' },
  mail: { type: 'string', format: 'email' },
  at: { type: 'string', format: 'date-time' },
  status: { type: 'string', enum: ['open', 'paid'] },
  lines: {
    type: 'array',
    items: {
      type: 'object',
      properties: { sku: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } } },
    },
  },
  customer: { type: 'object', properties: { name: { type: 'string', maxLength: 50 } }, required: ['name'] },
  extra: {},
  unknown: { type: 'null' },
};

function shape(properties: object, more: object = {}, root: object = {}): Shape {
  const stream = {
    tap_stream_id: 'orders',
    schema: { type: 'object', properties, ...root },
    key_properties: ['id'],
    ...more,
  };
  return shapeOf({ streams: [stream] });
}

function without(...names: (keyof typeof before)[]): object {
  return Object.fromEntries(
    Object.entries(before).filter(([key]) => !names.includes(key as keyof typeof before)),
  );
}

const lines = (properties: object) => ({ type: 'array', items: { type: 'object', properties } });
const told = (after: Shape, from = shape(before), judgement?: Judgement) =>
  changesBetween(from, after, judgement).map(
    (change) => `${change.severity} ${change.rule}: ${sentence(change)}`,
  );

describe('a change of a field', () => {
  it.each<[string, object]>([
    ['information PROPERTY_ADDED: orders.note: not there → string', { ...before, note: { type: 'string' } }],
    [
      'warning PROPERTY_ADDED:clash: orders.Mail: not there → string',
      { ...before, Mail: { type: 'string' } },
    ],
    ['warning PROPERTY_REMOVED: orders.total: number, may be null → not there', without('total')],
    ['breaking PROPERTY_REMOVED:used: orders.id: string → not there', without('id')],
    ['warning PROPERTY_REMOVED: orders.lines: array, with 4 more below it → not there', without('lines')],
    [
      'warning PROPERTY_REMOVED: orders.lines[].sku: string → not there',
      { ...before, lines: lines({ tags: before.lines.items.properties.tags }) },
    ],
    [
      'breaking PROPERTY_RENAMED: orders.mail: mail → probably e_mail',
      { ...without('mail'), e_mail: before.mail },
    ],
    [
      'breaking PROPERTY_RENAMED: orders.lines[].sku: lines[].sku → probably lines[].SKU',
      { ...before, lines: lines({ SKU: { type: 'string' }, tags: before.lines.items.properties.tags }) },
    ],
    ['breaking TYPE_CHANGED: orders.count: integer → boolean', { ...before, count: { type: 'boolean' } }],
    ['warning TYPE_WIDENED: orders.count: integer → number', { ...before, count: { type: 'number' } }],
    [
      'warning TYPE_WIDENED: orders.unknown: null → integer',
      { ...before, unknown: { type: ['null', 'integer'] } },
    ],
    [
      'breaking TYPE_WIDENED:loose: orders.count: integer → integer or string',
      { ...before, count: { type: ['integer', 'string'] } },
    ],
    [
      'information TYPE_NARROWED: orders.total: number → integer',
      { ...before, total: { type: ['integer', 'null'] } },
    ],
    [
      'warning NULLABLE_ADDED: orders.count: never null → may be null',
      { ...before, count: { type: ['integer', 'null'] } },
    ],
    [
      'breaking NULLABLE_ADDED:key: orders.id: never null → may be null',
      { ...before, id: { type: ['string', 'null'] } },
    ],
    [
      'information NULLABLE_REMOVED: orders.total: may be null → never null',
      { ...before, total: { type: 'number' } },
    ],
    ['breaking FORMAT_CHANGED: orders.at: date-time → no format', { ...before, at: { type: 'string' } }],
    [
      'breaking FORMAT_CHANGED: orders.at: date-time → date',
      { ...before, at: { type: 'string', format: 'date' } },
    ],
    [
      'information FORMAT_CHANGED:remark: orders.mail: email → no format',
      { ...before, mail: { type: 'string' } },
    ],
    [
      'warning ENUM_VALUE_ADDED: orders.status: "open", "paid" → also "void"',
      { ...before, status: { type: 'string', enum: ['paid', 'void', 'open'] } },
    ],
    [
      'information ENUM_VALUE_REMOVED: orders.status: "open", "paid" → without "paid"',
      { ...before, status: { type: 'string', enum: ['open'] } },
    ],
    [
      'warning ENUM_VALUE_ADDED: orders.status: only "open", "paid" → any value',
      { ...before, status: { type: 'string' } },
    ],
    [
      'warning REQUIRED_REMOVED: orders.customer.name: always there → may be missing',
      { ...before, customer: { type: 'object', properties: before.customer.properties } },
    ],
    [
      'breaking NESTED_STRUCTURE: orders.lines[].tags[]: string → integer',
      {
        ...before,
        lines: lines({ sku: { type: 'string' }, tags: { type: 'array', items: { type: 'integer' } } }),
      },
    ],
    [
      'breaking NESTED_STRUCTURE: orders.customer: object → array',
      { ...before, customer: { type: 'array', items: before.customer } },
    ],
    [
      'warning ADDITIONAL_PROPERTIES: orders.customer: open to other properties → closed to them',
      { ...before, customer: { ...before.customer, additionalProperties: false } },
    ],
    [
      'warning CONSTRAINT:loosened: orders.customer.name: maxLength 50 → maxLength 90',
      {
        ...before,
        customer: { ...before.customer, properties: { name: { type: 'string', maxLength: 90 } } },
      },
    ],
    [
      'information CONSTRAINT: orders.customer.name: maxLength 50 → maxLength 9',
      { ...before, customer: { ...before.customer, properties: { name: { type: 'string', maxLength: 9 } } } },
    ],
  ])('is told: %s', (text, after) => {
    expect(told(shape(after))).toContain(text);
  });

  it('of type swallows what follows from it', () => {
    expect(told(shape({ ...before, at: { type: 'integer' }, customer: { type: 'string' } }))).toEqual([
      'breaking TYPE_CHANGED: orders.at: string (date-time) → integer',
      'breaking TYPE_CHANGED: orders.customer: object → string',
    ]);
  });

  it('is worse for what somebody reads', () => {
    const consumers: Consumer[] = [
      { name: 'billing', reads: { orders: ['lines[].sku', 'total'] } },
      { name: 'warehouse', reads: { orders: ['*'], refunds: ['*'] } },
      { name: 'mail', reads: { orders: ['mail'] } },
    ];
    const [total, more] = changesBetween(shape(before), shape(without('total', 'lines')), { consumers });

    expect([total, more].map((change) => [change?.rule, change?.path, change?.readers])).toEqual([
      ['PROPERTY_REMOVED:used', 'lines', ['billing', 'warehouse']],
      ['PROPERTY_REMOVED:used', 'total', ['billing', 'warehouse']],
    ]);
  });

  it('is judged by the tenant where the tenant says so, and keeps its name', () => {
    const overrides = { PROPERTY_REMOVED: 'breaking', TYPE_WIDENED: 'ignored' } as const;
    const after = shape({ ...without('total'), count: { type: 'number' } });
    const [ours] = changesBetween(shape(before), after).filter(({ path }) => path === 'total');
    const theirs = changesBetween(shape(before), after, { overrides });

    expect(theirs).toHaveLength(1);
    expect(theirs[0]?.severity).toBe('breaking');
    expect(theirs.map(idOf)).toEqual([ours].map((change) => change && idOf(change)));
  });
});

describe('a change of a stream', () => {
  const metadata = (entries: Record<string, object>) => ({
    metadata: Object.entries(entries).map(([name, one]) => ({
      breadcrumb: name ? ['properties', name] : [],
      metadata: one,
    })),
  });

  it.each<[string, object, object]>([
    [
      'breaking KEY_PROPERTIES_CHANGED: stream orders: id → count, id',
      {},
      { key_properties: ['id', 'count'] },
    ],
    ['breaking REPLICATION_KEY_CHANGED: stream orders: none → at', {}, { replication_key: 'at' }],
    [
      'breaking REPLICATION_KEY_CHANGED: stream orders: at → count',
      metadata({ '': { 'valid-replication-keys': ['at'] } }),
      metadata({ '': { 'valid-replication-keys': ['count'] } }),
    ],
    [
      'warning REPLICATION_METHOD_CHANGED: stream orders: INCREMENTAL → FULL_TABLE',
      { replication_method: 'INCREMENTAL' },
      metadata({ '': { 'forced-replication-method': 'FULL_TABLE' } }),
    ],
    [
      'breaking INCLUSION_CHANGED:unsupported: orders.mail: available → unsupported',
      metadata({ mail: { inclusion: 'available' } }),
      metadata({ mail: { inclusion: 'unsupported' } }),
    ],
    [
      'warning INCLUSION_CHANGED:optional: orders.mail: automatic → available',
      metadata({ mail: { inclusion: 'automatic' } }),
      metadata({ mail: { inclusion: 'available' } }),
    ],
    [
      'warning SELECTED_BY_DEFAULT_CHANGED: orders.mail: selected by default: true → false',
      metadata({ mail: { 'selected-by-default': true } }),
      metadata({ mail: { 'selected-by-default': false } }),
    ],
  ])('is told: %s', (text, from, to) => {
    expect(told(shape(before, to), shape(before, from))).toEqual([text]);
  });

  it('does not care in which order a key names its parts, nor whether one catalog is silent', () => {
    const from = shape(before, {
      key_properties: ['count', 'id'],
      ...metadata({ mail: { inclusion: 'automatic' } }),
    });

    expect(told(shape(before, { key_properties: ['id', 'count'] }), from)).toEqual([]);
  });

  it('tells streams that are gone, new, or probably renamed, with what changed on the way', () => {
    const orders = shape(before).orders as Shape[string];
    const small = { keys: [], fields: { a: { types: ['string'], nullable: false } } };
    const renamed = shape({ ...before, count: { type: 'boolean' } }).orders as Shape[string];

    expect(told({ constructor: small, invoices: renamed }, { orders, gone: small, toString: small })).toEqual(
      expect.arrayContaining([
        'breaking STREAM_RENAMED: stream orders: orders → probably invoices',
        'breaking TYPE_CHANGED: orders.count: integer → boolean',
      ]),
    );
    expect(told({ ...shape(before), fresh: small }, { ...shape(before), old: renamed })).toEqual([
      'breaking STREAM_REMOVED: stream old: there → not there',
      'information STREAM_ADDED: stream fresh: not there → there',
    ]);
  });

  it('shows what a name hides', () => {
    const field = { types: ['string'], nullable: false };
    const [change] = changesBetween(
      { s: { keys: [], fields: {} } },
      { s: { keys: [], fields: { 'a\n- breaking\u202e': field } } },
    );

    expect(change?.path).toBe('a - breaking⟦U+202E⟧');
  });
});

describe('the fingerprint', () => {
  const added = (name: string) =>
    changesBetween(shape(before), shape({ ...before, [name]: { type: 'string' } })).map(idOf);

  it('is the same for the same changes, and for no others', () => {
    expect(fingerprint(added('a'), SINCE)).toBe(fingerprint(added('a'), SINCE));
    expect(fingerprint(added('a'), SINCE)).not.toBe(fingerprint(added('b'), SINCE));
  });

  it('is another when the same happens again after a later baseline', () => {
    expect(fingerprint(added('a'), SINCE)).not.toBe(fingerprint(added('a'), 'b'.repeat(40)));
  });
});
