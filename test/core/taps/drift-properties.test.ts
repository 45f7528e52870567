import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { initSync, check_compat as isCompatible } from 'jsoncompat';
import { describe, expect, it } from 'vitest';
import { type Change, changesBetween } from '#core/taps/drift.ts';
import { shapeOf } from '#core/taps/shape.ts';

const wasm = createRequire(import.meta.url).resolve('jsoncompat/jsoncompat_wasm_bg.wasm');
initSync({ module: readFileSync(wasm) });

const isFull = Boolean(process.env.SIGNALBOX_FULL);
const RUNS = isFull ? 3_000 : 200;
/** The oracle takes its time. So few pairs are always the same ones, of which enough differ each way. */
const ASKED = isFull ? { numRuns: 2_000 } : { numRuns: 50, seed: 3 };

type Json = { [key: string]: unknown };

const name = fc.constantFrom('id', 'total', 'created_at', 'createdAt', 'Name', 'a.b', 'tags', 'x');
const types = fc.uniqueArray(fc.constantFrom('string', 'integer', 'number', 'boolean'), {
  minLength: 1,
  maxLength: 2,
});

/** A type as a list, with `null` or without it. */
const scalar: fc.Arbitrary<Json> = fc
  .tuple(types, fc.boolean())
  .map(([list, nullable]) => ({ type: nullable ? [...list, 'null'] : list }));
const listed: fc.Arbitrary<Json> = fc
  .uniqueArray(fc.constantFrom('open', 'paid', 'void'), { minLength: 1 })
  .map((values) => ({ type: ['string'], enum: values }));

const { schema } = fc.letrec<{ schema: Json; object: Json; array: Json }>((tie) => ({
  schema: fc.oneof({ maxDepth: 2, withCrossShrink: true }, scalar, listed, tie('object'), tie('array')),
  object: fc.dictionary(name, tie('schema') as fc.Arbitrary<Json>, { maxKeys: 3 }).chain((properties) =>
    fc.subarray(Object.keys(properties)).map((required) => ({
      type: ['object'],
      properties: { ...properties },
      ...(required.length > 0 && { required }),
    })),
  ),
  array: (tie('schema') as fc.Arbitrary<Json>).map((items) => ({ type: ['array'], items })),
}));

const root = fc.dictionary(name, schema, { minKeys: 1, maxKeys: 4 }).map((properties) => ({
  type: ['object'],
  properties: { ...properties },
}));

const shapeIn = (...schemas: Json[]) =>
  shapeOf({ streams: schemas.map((one, at) => ({ tap_stream_id: `s${at}`, schema: one })) });

/** The same schema, written by somebody else: other order, other remarks. */
function rewritten(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) {
    const items = value.map((one) => rewritten(one, seed));
    return items.every((one) => typeof one === 'string') && seed % 2 ? items.toReversed() : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, rewritten(one, seed)] as const);
  return Object.fromEntries(seed % 3 ? entries.toReversed() : entries);
}

const described = (one: Json): Json => ({ description: 'in cents', title: 'T', selected: true, ...one });

describe('a catalog that means the same', () => {
  it('is never drift, in whatever order and words it is written', () => {
    fc.assert(
      fc.property(fc.array(root, { minLength: 1, maxLength: 4 }), fc.nat(), (roots, seed) => {
        const before = shapeIn(...roots);
        const other = roots.map((one, at) => ({
          tap_stream_id: `s${at}`,
          'row-count': seed,
          schema: described(rewritten(one, seed) as Json),
          metadata: [{ breadcrumb: [], metadata: { selected: true, 'row-count': seed } }],
        }));
        const after = shapeOf({ streams: seed % 2 ? other.toReversed() : other });

        expect(changesBetween(before, after)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

/** Rules by which data that is valid now was not valid before. */
const LOOSER =
  /^(STREAM_RE|PROPERTY_RE|TYPE_CHANGED|TYPE_WIDENED|NULLABLE_ADDED|ENUM_VALUE_ADDED|REQUIRED_REMOVED|NESTED)/;
const isLooser = ({ rule }: Change) => LOOSER.test(rule);

/** A schema with one thing changed somewhere, which the numbers choose. */
function changed(schema: Json, [first = 0, ...rest]: number[], other: Json): Json {
  const { properties, items, type, enum: values, required } = schema as Partial<Record<string, string[]>>;
  const names = Object.keys(properties ?? {});
  const inner = names[first % names.length];
  if (inner !== undefined && first % 7 < 4) {
    const all = properties as unknown as Record<string, Json>;
    return { ...schema, properties: { ...all, [inner]: changed(all[inner] as Json, rest, other) } };
  }
  if (items && first % 7 < 4) return { ...schema, items: changed(items as unknown as Json, rest, other) };
  const turns: (() => Json)[] = [
    () => ({ ...schema, type: [...new Set([...(type ?? []), 'null'])] }),
    () => ({ ...schema, type: type?.filter((one) => one !== 'null') }),
    () => ({ ...schema, ...(values && { enum: [...new Set([...values, 'other'])] }) }),
    () => ({ ...schema, ...(values && { enum: values.slice(0, 1) }) }),
    () => ({ ...schema, ...(properties && { required: names.slice(0, first % 3) }) }),
    () => ({ ...schema, ...(required && { required: required.slice(1) }) }),
    () => ({ ...schema, type: as(type, 'integer', 'number') }),
    () => ({ ...schema, type: as(type, 'number', 'integer') }),
    () => other,
  ];
  return turns[(rest[0] ?? first) % turns.length]?.() ?? schema;
}

function as(types: string[] = [], from: string, to: string): string[] {
  return [...new Set(types.map((one) => (one === from ? to : one)))];
}

const pair = fc
  .tuple(root, fc.array(fc.nat(200), { minLength: 2, maxLength: 6 }), schema)
  .map(([one, choices, other]) => {
    const next = changed(one, choices, other);
    return [one, next.properties ? { ...next, type: one.type } : one] as const;
  });

describe('a change', () => {
  it('lets new data through to old readers exactly when jsoncompat says so', () => {
    const seen = { true: 0, false: 0 };
    fc.assert(
      fc.property(pair, ([one, other]) => {
        const ours = !changesBetween(shapeIn(one), shapeIn(other)).some(isLooser);
        const theirs = isCompatible(JSON.stringify(one), JSON.stringify(other), 'serializer');
        if (JSON.stringify(one) !== JSON.stringify(other)) seen[`${theirs}`] += 1;

        expect(ours).toBe(theirs);
      }),
      ASKED,
    );
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(ASKED.numRuns / 20);
  }, 900_000);
});
