import { createHash } from 'node:crypto';

/** A Merkle tree as RFC 6962 builds it, hashes in hex. Its leaves are the hashes that entries are sealed with. */

/** All that appending takes of a tree: the roots of its full subtrees, the biggest first. */
export interface Frontier {
  size: number;
  hashes: string[];
}

/** A full subtree: 2^level leaves, the `index`th such from the left. It never changes again. */
export interface Subtree {
  level: number;
  index: number;
  hash: string;
}

/** Answers the root of a full subtree. */
export type Nodes = (level: number, index: number) => Promise<string>;

export const EMPTY: Frontier = { size: 0, hashes: [] };
const EMPTY_ROOT = createHash('sha256').digest('hex');
const INNER = Buffer.of(1);

/** An inner node: SHA-256 over the byte 1 and both children, where leaves have the byte 0. */
export function nodeHash(left: string, right: string): string {
  return createHash('sha256').update(INNER).update(left, 'hex').update(right, 'hex').digest('hex');
}

/** The tree with one more leaf, in at most log n hashes; `fill` hears of each subtree that this fills, the leaf first. */
export function append({ size, hashes }: Frontier, leaf: string, fill?: (full: Subtree) => void): Frontier {
  const left = [...hashes];
  let full = { level: 0, index: size, hash: leaf };
  fill?.(full);
  while (full.index % 2 === 1) {
    full = {
      level: full.level + 1,
      index: half(full.index),
      hash: nodeHash(left.pop() as string, full.hash),
    };
    fill?.(full);
  }
  return { size: size + 1, hashes: [...left, full.hash] };
}

export function rootOf({ hashes }: Frontier): string {
  return hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** The hashes that lead from a leaf to the root of the first `size` leaves. */
export function inclusionProof(index: number, size: number, nodes: Nodes): Promise<string[]> {
  const path = async (start: number, end: number): Promise<string[]> => {
    if (end - start === 1) return [];
    const middle = start + split(end - start);
    return index < middle
      ? [...(await path(start, middle)), await rangeRoot(middle, end, nodes)]
      : [...(await path(middle, end)), await rangeRoot(start, middle, nodes)];
  };
  return path(0, size);
}

/** The hashes that show the tree of `size` leaves to begin with the tree of `before` leaves, unchanged. */
export function consistencyProof(before: number, size: number, nodes: Nodes): Promise<string[]> {
  const path = async (start: number, end: number): Promise<string[]> => {
    if (end === before) return start === 0 ? [] : [await rangeRoot(start, end, nodes)];
    const middle = start + split(end - start);
    return before <= middle
      ? [...(await path(start, middle)), await rangeRoot(middle, end, nodes)]
      : [...(await path(middle, end)), await rangeRoot(start, middle, nodes)];
  };
  return before === 0 ? Promise.resolve([]) : path(0, size);
}

/** Whether a proof leads from the leaf at `index` to the root. */
export function isIncluded(
  { leaf, index }: { leaf: string; index: number },
  { size, root }: Tree,
  proof: readonly string[],
): boolean {
  if (!(index >= 0 && index < size)) return false;
  const way = climber(index, size - 1);
  let hash = leaf;
  for (const sibling of proof) {
    const side = way.next();
    if (!side) return false;
    hash = side === 'left' ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
  }
  return way.isAtTop() && hash === root;
}

/** A tree as it was at some time. */
export interface Tree {
  size: number;
  root: string;
}

/** Whether a proof shows that the later tree begins with the earlier one. */
export function isConsistent(before: Tree, after: Tree, proof: readonly string[]): boolean {
  if (before.size === after.size) return proof.length === 0 && before.root === after.root;
  if (before.size === 0) return proof.length === 0;
  return before.size < after.size && joins(before, after, proof);
}

function joins(before: Tree, after: Tree, proof: readonly string[]): boolean {
  const [first, ...rest] = isPowerOfTwo(before.size) ? [before.root, ...proof] : proof;
  if (first === undefined) return false;
  const way = climber(before.size - 1, after.size - 1);
  way.skipRight();
  let [old, now] = [first, first];
  for (const sibling of rest) {
    const side = way.next();
    if (!side) return false;
    if (side === 'left') old = nodeHash(sibling, old);
    now = side === 'left' ? nodeHash(sibling, now) : nodeHash(now, sibling);
  }
  return way.isAtTop() && old === before.root && now === after.root;
}

/** Climbs from a leaf along the right edge of a tree, as RFC 9162 (2.1.3.2) counts it: on which side is the next sibling? */
function climber(from: number, last: number) {
  const up = () => {
    from = half(from);
    last = half(last);
  };
  return {
    isAtTop: () => last === 0,
    skipRight: () => {
      while (from % 2 === 1) up();
    },
    next(): 'left' | 'right' | undefined {
      if (last === 0) return undefined;
      const side = from % 2 === 1 || from === last ? 'left' : 'right';
      if (side === 'left') while (from % 2 === 0 && from > 0) up();
      up();
      return side;
    },
  };
}

/** The root of a range that starts where a subtree starts; only its right end may be ragged. */
async function rangeRoot(start: number, end: number, nodes: Nodes): Promise<string> {
  const size = end - start;
  if (isPowerOfTwo(size)) return nodes(Math.log2(size), start / size);
  const middle = start + split(size);
  return nodeHash(await rangeRoot(start, middle, nodes), await rangeRoot(middle, end, nodes));
}

/** The largest power of two that is smaller than `size`. */
function split(size: number): number {
  return 2 ** Math.floor(Math.log2(size - 1));
}

function isPowerOfTwo(size: number): boolean {
  return 2 ** Math.floor(Math.log2(size)) === size;
}

function half(count: number): number {
  return Math.floor(count / 2);
}
