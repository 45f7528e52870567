import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  append,
  consistencyProof,
  EMPTY,
  inclusionProof,
  isConsistent,
  isIncluded,
  type Nodes,
  nodeHash,
  rootOf,
} from '#core/ledger/merkle.ts';

const leaf = (hex: string) => createHash('sha256').update(Buffer.of(0)).update(hex, 'hex').digest('hex');

/** The leaves, roots and proofs that Certificate Transparency publishes for RFC 6962. */
const INPUTS = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const INCLUSION: [index: number, size: number, proof: string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];
const CONSISTENCY: [before: number, size: number, proof: string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [
    2,
    5,
    [
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
];

/** A tree grown leaf by leaf, with the root at each size and every full subtree that was heard of. */
function grown(leaves: string[]) {
  const full = new Map<string, string>();
  const roots = [rootOf(EMPTY)];
  let frontier = EMPTY;
  for (const one of leaves) {
    frontier = append(frontier, one, ({ level, index, hash }) => full.set(`${level}/${index}`, hash));
    roots.push(rootOf(frontier));
  }
  const nodes: Nodes = async (level, index) =>
    full.get(`${level}/${index}`) ?? Promise.reject(new Error('?'));
  return { roots, nodes, frontier };
}

const reference = grown(INPUTS.map(leaf));
const many = (count: number) =>
  Array.from({ length: count }, (_, at) => leaf(at.toString(16).padStart(8, '0')));

/** RFC 6962's own definition (2.1), by recursion. */
function defined(leaves: string[]): string {
  if (leaves.length === 1) return leaves[0] as string;
  const k = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return nodeHash(defined(leaves.slice(0, k)), defined(leaves.slice(k)));
}

describe("RFC 6962's vectors", () => {
  it('give the published root at every size', () => {
    expect(reference.roots.slice(1)).toEqual(ROOTS);
    expect(reference.roots[0]).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it.each(INCLUSION)('prove leaf %i of %i with the published path', async (index, size, proof) => {
    const tree = { size, root: ROOTS[size - 1] as string };

    expect(await inclusionProof(index, size, reference.nodes)).toEqual(proof);
    expect(isIncluded({ leaf: leaf(INPUTS[index] as string), index }, tree, proof)).toBe(true);
  });

  it.each(CONSISTENCY)(
    'prove %i leaves to be the start of %i with the published path',
    async (m, n, proof) => {
      const [before, after] = [m, n].map((size) => ({ size, root: ROOTS[size - 1] as string }));

      expect(await consistencyProof(m, n, reference.nodes)).toEqual(proof);
      expect(isConsistent(before as never, after as never, proof)).toBe(true);
    },
  );
});

describe('a tree that grows', () => {
  const leaves = many(70);
  const { roots, nodes } = grown(leaves);

  it('has the root of its definition at every size, with log n hashes kept', () => {
    for (let size = 1; size <= leaves.length; size += 1)
      expect(roots[size]).toBe(defined(leaves.slice(0, size)));
    expect(grown(many(1_000)).frontier.hashes.length).toBeLessThanOrEqual(10);
  });

  it('proves every leaf at every size, at its own place and no other', async () => {
    for (let size = 1; size <= leaves.length; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const proof = await inclusionProof(index, size, nodes);
        const at = { leaf: leaves[index] as string, index };
        const tree = { size, root: roots[size] as string };
        expect(isIncluded(at, tree, proof)).toBe(true);
        expect(isIncluded({ ...at, index: (index + 1) % size }, tree, proof)).toBe(size === 1);
        expect(isIncluded(at, tree, [...proof, at.leaf])).toBe(false);
      }
    }
  });

  it('proves every earlier size to be its start', async () => {
    for (let size = 1; size <= leaves.length; size += 1) {
      for (let before = 0; before <= size; before += 1) {
        const proof = await consistencyProof(before, size, nodes);
        const now = { size, root: roots[size] as string };
        expect(isConsistent({ size: before, root: roots[before] as string }, now, proof)).toBe(true);
      }
    }
  });

  const flip = (hex: string, at: number) =>
    hex.slice(0, at) + (hex[at] === '0' ? '1' : '0') + hex.slice(at + 1);
  const spoilt = (hashes: string[], at: number) =>
    hashes.map((hash, index) => (index === at % hashes.length ? flip(hash, at) : hash));
  /** Two sizes, the smaller first and at least 1, and the digit to change. */
  const pick = fc
    .tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }), fc.nat(63))
    .map(([a, b, digit]) => [Math.min(a, b), Math.max(a, b), digit] as const);

  it('lets no leaf pass with a digit of proof, leaf or root changed', async () => {
    await fc.assert(
      fc.asyncProperty(pick, async ([place, size, digit]) => {
        const at = { leaf: leaves[place - 1] as string, index: place - 1 };
        const tree = { size, root: roots[size] as string };
        const proof = await inclusionProof(at.index, size, nodes);

        expect(isIncluded({ ...at, leaf: flip(at.leaf, digit) }, tree, proof)).toBe(false);
        expect(isIncluded(at, { size, root: flip(tree.root, digit) }, proof)).toBe(false);
        expect(isIncluded(at, tree, spoilt(proof, digit))).toBe(proof.length === 0);
      }),
      { numRuns: 300 },
    );
  });

  it('lets no earlier tree pass with a digit of proof or root changed', async () => {
    await fc.assert(
      fc.asyncProperty(pick, async ([size, later, digit]) => {
        const before = { size, root: roots[size] as string };
        const after = { size: later, root: roots[later] as string };
        const proof = await consistencyProof(size, later, nodes);

        expect(isConsistent({ size, root: flip(before.root, digit) }, after, proof)).toBe(false);
        expect(isConsistent(before, { size: later, root: flip(after.root, digit) }, proof)).toBe(false);
        expect(isConsistent(before, after, spoilt(proof, digit))).toBe(proof.length === 0);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['time going backwards', { size: 2, root: 'a' }, { size: 1, root: 'b' }, []],
    ['other roots at one size', { size: 2, root: 'a' }, { size: 2, root: 'b' }, []],
    ['no proof at all', { size: 3, root: 'a' }, { size: 5, root: 'b' }, []],
    ['a proof where none is due', { size: 1, root: 'a' }, { size: 1, root: 'a' }, ['a']],
  ])('is not consistent with %s', (_, before, after, proof) => {
    expect(isConsistent(before, after, proof)).toBe(false);
  });
});
