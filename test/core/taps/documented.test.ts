import { expect, it } from 'vitest';
import { documentation } from '#core/taps/documented.ts';
import { shapeOf } from '#core/taps/shape.ts';

const shape = (streams: Record<string, string[]>) =>
  shapeOf({
    streams: Object.entries(streams).map(([name, fields]) => ({
      tap_stream_id: name,
      schema: { properties: Object.fromEntries(fields.map((field) => [field, { type: 'string' }])) },
    })),
  });
const README = '| orders | `id` |\n| customers | `id`, `mail` |';
const base = { shape: shape({ orders: ['id'], customers: ['id', 'mail'] }), text: README };

it.each<[string, Record<string, string[]>, string, string, RegExp]>([
  ['as before', { orders: ['id'], customers: ['id', 'mail'] }, README, 'PASS', /all 2 streams/],
  [
    'a new stream, and not told',
    { orders: ['id'], customers: ['id'], refunds: ['id'] },
    README,
    'WARN',
    /refunds/,
  ],
  [
    'a new stream, and told',
    { orders: ['id'], customers: ['id', 'mail'], refunds: ['id'] },
    `${README}\nrefunds too`,
    'PASS',
    /all 3/,
  ],
  [
    'a new field, and not told',
    { orders: ['id'], customers: ['id', 'mail', 'fax'] },
    README,
    'WARN',
    /customers\.fax/,
  ],
  ['a field gone, and still told', { orders: ['id'], customers: ['id'] }, README, 'SKIP', /mail as before/],
  [
    'a field gone, which is told',
    { orders: ['id'], customers: ['id'] },
    '| orders |\n| customers |\n`mail` is gone',
    'PASS',
    /all 2/,
  ],
  ['a list that went', { orders: ['id'], customers: ['id', 'mail'] }, 'A tap.', 'WARN', /customers, orders/],
])('%s', (_, streams, text, verdict, detail) => {
  expect(documentation({ shape: shape(streams), text }, base)).toEqual({
    verdict,
    detail: expect.stringMatching(detail),
  });
});

it('holds nobody to a documentation that names few streams, or to what it left out before', () => {
  const silent = { ...base, text: 'A tap for orders-like things.' };
  expect(documentation(silent, silent)).toMatchObject({
    verdict: 'SKIP',
    detail: expect.stringContaining('0 of 2'),
  });
  const partly = { ...base, text: '| orders |' };
  expect(documentation(partly, partly)).toMatchObject({
    verdict: 'SKIP',
    detail: expect.stringContaining('as before the change, README and docs do not name customers'),
  });
  expect(documentation(partly)).toMatchObject({
    verdict: 'WARN',
    detail: expect.stringContaining('customers'),
  });
});
