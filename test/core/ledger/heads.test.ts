import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Head,
  type HeadNode,
  headProof,
  headsRoot,
  isHead,
  NO_HEADS,
  withHeads,
} from '#core/ledger/heads.ts';

/** A trie that keeps its nodes in memory; `kept` counts them. */
function trie() {
  const kept = new Map<string, HeadNode>();
  let root = NO_HEADS;
  const nodes = async (hash: string) => kept.get(hash) ?? Promise.reject(new Error(`no node ${hash}`));
  return {
    kept,
    root: () => root,
    async put(...heads: Head[]) {
      const next = await withHeads(root, heads, nodes);
      for (const [hash, node] of next.fresh) kept.set(hash, node);
      root = next.root;
    },
    prove: (actionId: string) => headProof(root, actionId, nodes),
  };
}

const head = (action: number, seq: number): Head => ({
  actionId: `act_${action}`,
  seq,
  hash: `${action}${seq}`.padStart(64, '0'),
});
const changes = fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 9 })), {
  minLength: 1,
  maxLength: 60,
});

it('proves the last head of every action, and no other', async () => {
  await fc.assert(
    fc.asyncProperty(changes, async (given) => {
      const { put, prove, root } = trie();
      const last = new Map<number, Head>();
      for (const [action, seq] of given) {
        await put(head(action, seq));
        last.set(action, head(action, seq));
      }
      for (const one of last.values()) {
        const found = await prove(one.actionId);
        expect(found?.head).toEqual(one);
        expect(isHead(one, found?.proof ?? [], root())).toBe(true);
        for (const other of [
          { ...one, seq: one.seq + 1 },
          { ...one, hash: 'f'.repeat(64) },
          { ...one, actionId: 'x' },
        ])
          expect(isHead(other, found?.proof ?? [], root())).toBe(false);
      }
      expect(await prove('act_unknown')).toBeUndefined();
    }),
    { numRuns: 100 },
  );
});

it('has one root for the same heads, in whatever order and bundles they came', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(500), { minLength: 1, maxLength: 40 }), async (actions) => {
      const heads = actions.map((action) => head(action, 1));
      const [alone, together, backwards] = [trie(), trie(), trie()];
      for (const one of heads) await alone.put(one);
      await together.put(...heads);
      await backwards.put(...heads.toReversed());

      expect([together.root(), backwards.root(), headsRoot(heads)]).toEqual(Array(3).fill(alone.root()));
    }),
    { numRuns: 50 },
  );
});

it('keeps about log n new nodes for a change, and none that a later change of the same bundle replaced', async () => {
  const { put, kept } = trie();
  await put(...Array.from({ length: 1_000 }, (_, action) => head(action, 1)));
  const before = kept.size;
  await put(head(1, 2), head(1, 3));

  expect(before).toBeLessThan(3_500);
  expect(kept.size - before).toBeLessThan(25);
});
