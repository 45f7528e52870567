import { describe, expect, it } from 'vitest';
import { alike, errorsOf, sameError, sketchOf, strongest } from '#core/triage/similar.ts';

const sketch = (id: string, title: string, body = '') =>
  sketchOf({ id, createdAt: '2026-11-20T10:00:00.000Z', title, body });

const MISSING = sketch(
  'tk_1',
  'tap-orders: orders missing after page nine',
  'The ledger counts 887 orders of 2143.',
);

describe('by text', () => {
  it('finds what says the same in other words, and says by which', () => {
    const again = sketch(
      'tk_2',
      'Orders missing in the ledger since tap-orders 1.4.0',
      'Stops at page nine.',
    );
    const other = sketch('tk_3', 'Please add refunds to the Shopify tap');
    const [link, ...rest] = alike(again, [MISSING, other]);

    expect(rest).toEqual([]);
    expect(link).toMatchObject({
      ticketId: 'tk_1',
      by: 'text',
      reason: expect.stringMatching(/% alike: .*orders/),
    });
    expect(link?.score).toBeLessThan(0.95);
  });

  it('does not take a form that everybody fills in for likeness', () => {
    const form = 'Steps to reproduce Expected behaviour Actual behaviour Version of the connector';
    const others = Array.from({ length: 50 }, (_, at) => sketch(`tk_${at}`, `unique${at} topic${at}`, form));

    expect(alike(sketch('tk_x', 'something quite different', form), others)).toEqual([]);
  });

  it('never finds the ticket itself, nor anything by one common word', () => {
    expect(alike(MISSING, [MISSING, sketch('tk_2', 'orders'), sketch('tk_3', '')])).toEqual([]);
  });

  it('keeps a sketch small, however long the text is', () => {
    const words = Array.from({ length: 50_000 }, (_, at) => `word${at}`).join(' ');

    expect(sketch('tk_1', words, words).words.length).toBeLessThanOrEqual(60);
  });
});

describe('by error', () => {
  it('knows an error again whatever its time, path and id', () => {
    const one =
      'Job 1\n2026-11-19T02:00:01Z ERROR tap_orders: cursor 0x7f3a2b11 lost in /tmp/run-1/state.json\nend';
    const two =
      'Tonight:\n2026-11-20T02:00:09Z ERROR tap_orders: cursor 0x8a11bb22 lost in /tmp/run-99/state.json';

    expect(errorsOf(one).map(({ print }) => print)).toEqual(errorsOf(two).map(({ print }) => print));
    expect(errorsOf(one)).toHaveLength(1);
  });

  it('takes exceptions, not prose about errors', () => {
    expect(errorsOf('We see an error every night.\nKeyError: "cursor"\nThe error is strange')).toEqual([
      { line: 'KeyError: "cursor"', print: expect.stringMatching(/^[0-9a-f]{32}$/) },
    ]);
  });

  it('takes at most five, and is quick with a huge line', () => {
    const many = Array.from({ length: 100 }, (_, at) => `Kind${at}Error: x`).join('\n');

    expect(errorsOf(`${many}\n${'x.'.repeat(20_000)}`)).toHaveLength(5);
  });
});

it('links each other ticket once, the same error before the same words', () => {
  const text = { ticketId: 'tk_1', by: 'text' as const, score: 0.6, reason: '60 % alike' };

  expect(strongest([text, sameError('KeyError', 'tk_1'), { ...text, ticketId: 'tk_2' }])).toMatchObject([
    { ticketId: 'tk_1', by: 'error' },
    { ticketId: 'tk_2', by: 'text' },
  ]);
});
