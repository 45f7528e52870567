import { expect, it } from 'vitest';
import type { Seen } from '#core/taps/check.ts';
import { inBoth } from '#core/taps/dialect.ts';
import { changesBetween } from '#core/taps/drift.ts';
import { shapeOf } from '#core/taps/shape.ts';

const whole = { type: 'string', enum: ['a', 'b'], pattern: '^.$', maxLength: 1 };

/** A tap's catalog as a library prints it: what the library does not know is left out. */
function seen(sdk: string, property: object, required?: string[]): Seen {
  const schema = { type: 'object', properties: { x: property }, ...(required && { required }) };
  return { commit: 'a', made: { sdk }, shape: shapeOf({ streams: [{ stream: 's', schema }] }) };
}

it.each([
  ['singer-python 6.8.0', { type: 'string', maxLength: 1 }, undefined],
  ['hotglue-singer-sdk 1.0.42', { type: 'string', enum: ['a', 'b'], maxLength: 1 }, ['x']],
])('a catalog that %s prints is not another schema', (sdk, property, required) => {
  const before = seen('singer-sdk 0.54.0', whole, ['x']);
  const after = seen(sdk, property, required);

  expect(changesBetween(...inBoth(before, after))).toEqual([]);
  expect(changesBetween(...inBoth(after, before))).toEqual([]);
  expect(changesBetween(before.shape, after.shape).length).toBeGreaterThan(0);
});

it('what both can say is compared', () => {
  const before = seen('singer-sdk 0.54.0', whole);
  const after = seen('hotglue-singer-sdk 1.0.42', { type: 'integer' });

  expect(changesBetween(...inBoth(before, after))[0]?.rule).toBe('TYPE_CHANGED');
});
