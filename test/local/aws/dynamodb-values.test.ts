import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply } from '#local/aws/dynamodb/apply.ts';
import { readCondition } from '#local/aws/dynamodb/condition.ts';
import { add, encodeDecimal, formatDecimal, parseDecimal } from '#local/aws/dynamodb/decimal.ts';
import { holds } from '#local/aws/dynamodb/evaluate.ts';
import { scopeOf } from '#local/aws/dynamodb/scope.ts';
import { readUpdate } from '#local/aws/dynamodb/update.ts';
import type { Item } from '#local/aws/dynamodb/value.ts';

/** An integer times a power of ten, so that big integers can judge. */
interface Scaled {
  whole: bigint;
  scale: number;
}

const scaled: fc.Arbitrary<Scaled> = fc.record({
  whole: fc.oneof(
    fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
    fc.bigInt({ min: -99n, max: 99n }),
  ),
  scale: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -91, max: 87 })),
});
const text = ({ whole, scale }: Scaled) => `${whole}e${scale}`;
const lift = ({ whole, scale }: Scaled) => whole * 10n ** BigInt(scale + 91);

describe('numbers', () => {
  it('come back exactly', () => {
    fc.assert(
      fc.property(scaled, (number) => {
        const kept = formatDecimal(parseDecimal(text(number)));

        expect(raised(kept)).toBe(lift(number));
        expect(formatDecimal(parseDecimal(kept))).toBe(kept);
      }),
    );
  });

  it('sort by their bytes', () => {
    fc.assert(
      fc.property(scaled, scaled, (a, b) => {
        const [left, right] = [lift(a), lift(b)];
        const expected = left < right ? -1 : left > right ? 1 : 0;

        expect(Math.sign(Buffer.compare(encoded(a), encoded(b)))).toBe(expected);
      }),
    );
  });

  it('sort by their bytes, close neighbours too', () => {
    fc.assert(
      fc.property(scaled, fc.integer({ min: -2, max: 2 }), (a, step) => {
        const b = { ...a, whole: a.whole + BigInt(step) };
        fc.pre(String(b.whole).replace('-', '').length <= 38);

        expect(Math.sign(Buffer.compare(encoded(b), encoded(a)))).toBe(Math.sign(step));
      }),
    );
  });

  it('sort by their bytes, where one goes on after the end of the other', () => {
    const sorted = [
      '-12.05',
      '-12.005',
      '-12',
      '-11.99',
      '-1.2',
      '-0.12',
      '0',
      '0.12',
      '1.2',
      '11.99',
      '12',
      '12.005',
    ];
    const bytes = sorted.map((number) => encodeDecimal(parseDecimal(number)));

    expect(bytes.toSorted(Buffer.compare)).toEqual(bytes);
  });

  it('add exactly, or say that they cannot', () => {
    fc.assert(
      fc.property(scaled, scaled, (a, b) => {
        const exact = lift(a) + lift(b);
        const digits = String(exact).replace('-', '').replace(/0+$/, '').length;
        const sum = () => formatDecimal(add(parseDecimal(text(a)), parseDecimal(text(b))));

        if (digits > 38) expect(sum).toThrow(/38 significant digits/);
        else expect(raised(sum())).toBe(exact);
      }),
    );
  });
});

/** A written number times 10^91, as `lift` has it. */
function raised(kept: string): bigint {
  const [whole = '', fraction = ''] = kept.split('.');
  return BigInt(whole + fraction) * 10n ** BigInt(91 - fraction.length);
}

function encoded(number: Scaled): Buffer {
  return encodeDecimal(parseDecimal(text(number)));
}

type Tree = { leaf: string; value: boolean } | { not: Tree } | { and: [Tree, Tree] } | { or: [Tree, Tree] };

const leaf: fc.Arbitrary<Tree> = fc.constantFrom(
  { leaf: 'a1 = :one', value: true },
  { leaf: 'a1 > :two', value: false },
  { leaf: 'attribute_exists(a2)', value: false },
  { leaf: 'attribute_not_exists(a2)', value: true },
  { leaf: 'a1 BETWEEN :one AND :two', value: true },
  { leaf: 'a1 IN (:two)', value: false },
);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium' },
    leaf,
    fc.record({ not: tie('tree') }),
    fc.record({ and: fc.tuple(tie('tree'), tie('tree')) }),
    fc.record({ or: fc.tuple(tie('tree'), tie('tree')) }),
  ),
}));

/** Writes a tree with as few parentheses as precedence allows: NOT binds tightest, OR loosest. */
function written(node: Tree, least = 0): string {
  if ('leaf' in node) return node.leaf;
  const [level, inner] =
    'not' in node
      ? [3, `NOT ${written(node.not, 3)}`]
      : 'and' in node
        ? [2, node.and.map((one) => written(one, 2)).join(' AND ')]
        : [1, node.or.map((one) => written(one, 1)).join(' OR ')];
  return level < least ? `(${inner})` : inner;
}

function meant(node: Tree): boolean {
  if ('leaf' in node) return node.value;
  if ('not' in node) return !meant(node.not);
  return 'and' in node ? node.and.every(meant) : node.or.some(meant);
}

describe('expressions', () => {
  it('mean what precedence says', () => {
    const ExpressionAttributeValues = { ':one': { N: '1' }, ':two': { N: '2' } };
    fc.assert(
      fc.property(tree, (node) => {
        const expression = written(node);
        const scope = scopeOf({ ExpressionAttributeValues }, { expression });

        expect(holds(readCondition('ConditionExpression', expression, scope), { a1: { N: '1' } })).toBe(
          meant(node),
        );
      }),
    );
  });

  it('leave the item alone that they update', () => {
    const steps = fc.constantFrom(
      'SET m.x = :v',
      'SET l[1] = :v',
      'REMOVE l[0]',
      'REMOVE m.x',
      'ADD s1 :s',
      'SET l[7] = :v',
    );
    fc.assert(
      fc.property(steps, (expression) => {
        const before: Item = {
          m: { M: { x: { N: '1' } } },
          l: { L: [{ N: '1' }, { N: '2' }] },
          s1: { SS: ['a'] },
        };
        const copy = structuredClone(before);
        const values = { ':v': { S: 'v' }, ':s': { SS: ['b'] } };

        const after = apply(
          readUpdate(expression, scopeOf({ ExpressionAttributeValues: values }, { expression })),
          before,
        );

        expect(before).toEqual(copy);
        expect(after).not.toEqual(copy);
      }),
    );
  });

  it('take any attribute name', () => {
    const scope = scopeOf(
      { ExpressionAttributeNames: { '#p': '__proto__' }, ExpressionAttributeValues: { ':v': { S: 'v' } } },
      { expression: '' },
    );
    const after = apply(readUpdate('SET #p = :v', scope), {});

    expect(JSON.stringify(after)).toBe('{"__proto__":{"S":"v"}}');
  });
});
