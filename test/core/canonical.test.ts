import { describe, expect, it } from 'vitest';
import { canonical } from '#core/canonical.ts';
import { duration } from '#core/duration.ts';
import { dollars } from '#core/money.ts';
import { visible } from '#core/visible.ts';

describe('canonical', () => {
  it('is the same text whatever the order of keys', () => {
    expect(canonical({ b: [1, { d: 2, c: 3 }], a: 'é' })).toBe(canonical({ a: 'é', b: [1, { c: 3, d: 2 }] }));
  });

  it('keeps texts apart that only look the same', () => {
    expect(canonical('\u00e9')).not.toBe(canonical('e\u0301'));
  });

  it.each([
    ['an integer beyond 2^53', { n: 2 ** 53 }],
    ['a deep one', [{ a: [{ b: -(2 ** 60) }] }]],
    ['not a number', { n: Number.NaN }],
    ['a lone surrogate', { s: '\ud800' }],
  ])('refuses %s', (_, value) => {
    expect(() => canonical(value)).toThrow(expect.objectContaining({ code: 'Invalid' }));
  });
});

describe('visible', () => {
  it.each([
    ['a bidi override', 'a\u202Eb', 'a⟦U+202E⟧b'],
    ['a zero-width space', 'a\u200Bb', 'a⟦U+200B⟧b'],
    ['an escape', '\u001b[31m', '⟦U+001B⟧[31m'],
    ['a tag character', '\u{E0041}', '⟦U+E0041⟧'],
    ['a lone return', 'a\rb', 'a⟦U+000D⟧b'],
    ['lines and tabs', 'a\r\n\tb\n', 'a\n\tb\n'],
    ['words', 'Größe 漢字 😀', 'Größe 漢字 😀'],
  ])('writes out %s', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });
});

it.each([
  [0, '$0.00'],
  [1, 'under $0.01'],
  [10_000_000, '$0.01'],
  [1_239_000_000, '$1.24'],
])('%i nano-dollars read as %s', (nano, text) => {
  expect(dollars(nano)).toBe(text);
});

it.each([
  [30, 'less than a minute'],
  [60, '1 minute'],
  [3_600 * 27 + 120, '1 day 3 hours'],
])('%i seconds read as %s', (seconds, text) => {
  expect(duration(new Date(0), new Date(seconds * 1000))).toBe(text);
});
