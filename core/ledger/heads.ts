import { createHash } from 'node:crypto';
import { canonical } from '../canonical.ts';

/**
 * The last entry of every action, as a binary trie over the SHA-256 of the action's id. Its root stands in each
 * checkpoint: so that nobody can leave out the end of one action's chain, for which a tree over all entries has no proof.
 */

/** The last entry of an action. */
export interface Head {
  actionId: string;
  seq: number;
  hash: string;
}

export type HeadNode = { head: Head } | { left: string; right: string };
/** Answers the node with a hash. */
export type HeadNodes = (hash: string) => Promise<HeadNode>;

export const NO_HEADS = '0'.repeat(64);

/** The root once these are the heads, and every node of it that is new. */
export async function withHeads(
  root: string,
  heads: readonly Head[],
  nodes: HeadNodes,
): Promise<{ root: string; fresh: Map<string, HeadNode> }> {
  const made = new Map<string, HeadNode>();
  const read: HeadNodes = async (hash) => made.get(hash) ?? nodes(hash);
  let next = root;
  for (const head of heads) next = await put(next, head, { read, made, key: keyOf(head.actionId), depth: 0 });
  return { root: next, fresh: reachable(next, made) };
}

/** The root over these heads, one for each action, from nothing. */
export function headsRoot(heads: Iterable<Head>): string {
  const over = (found: { head: Head; key: Buffer }[], depth: number): string => {
    const [only] = found;
    if (!only) return NO_HEADS;
    if (found.length === 1) return hashOf({ head: only.head });
    const left = found.filter(({ key }) => !isRight(key, depth));
    const right = found.filter(({ key }) => isRight(key, depth));
    return hashOf({ left: over(left, depth + 1), right: over(right, depth + 1) });
  };
  return over(
    [...heads].map((head) => ({ head, key: keyOf(head.actionId) })),
    0,
  );
}

/** The siblings from the root down to an action's head, and the head; nothing for an action without one. */
export async function headProof(
  root: string,
  actionId: string,
  nodes: HeadNodes,
): Promise<{ head: Head; proof: string[] } | undefined> {
  const key = keyOf(actionId);
  const proof: string[] = [];
  for (let at = root; at !== NO_HEADS; ) {
    const node = await nodes(at);
    if ('head' in node) return node.head.actionId === actionId ? { head: node.head, proof } : undefined;
    const turnsRight = isRight(key, proof.length);
    proof.push(turnsRight ? node.left : node.right);
    at = turnsRight ? node.right : node.left;
  }
  return undefined;
}

/** Whether a proof shows this to be the action's last entry in the trie of that root. */
export function isHead(head: Head, proof: readonly string[], root: string): boolean {
  const key = keyOf(head.actionId);
  const top = proof.reduceRight(
    (hash, sibling, depth) =>
      hashOf(isRight(key, depth) ? { left: sibling, right: hash } : { left: hash, right: sibling }),
    hashOf({ head }),
  );
  return proof.length <= key.length * 8 && top === root;
}

interface Way {
  read: HeadNodes;
  made: Map<string, HeadNode>;
  key: Buffer;
  depth: number;
}

/** The subtree's root with the head put where its bits lead. */
async function put(root: string, head: Head, way: Way): Promise<string> {
  if (root === NO_HEADS) return make({ head }, way);
  const node = await way.read(root);
  if ('head' in node && node.head.actionId === head.actionId) return make({ head }, way);
  const { left, right } = 'head' in node ? below(root, node.head, way.depth) : node;
  const down = { ...way, depth: way.depth + 1 };
  return isRight(way.key, way.depth)
    ? make({ left, right: await put(right, head, down) }, way)
    : make({ left: await put(left, head, down), right }, way);
}

/** An inner node with a leaf alone below it, on the leaf's side. */
function below(leaf: string, { actionId }: Head, depth: number) {
  return isRight(keyOf(actionId), depth) ? { left: NO_HEADS, right: leaf } : { left: leaf, right: NO_HEADS };
}

function make(node: HeadNode, { made }: Way): string {
  const hash = hashOf(node);
  made.set(hash, node);
  return hash;
}

function reachable(root: string, made: Map<string, HeadNode>, found = new Map<string, HeadNode>()) {
  const node = made.get(root);
  if (!node || found.has(root)) return found;
  found.set(root, node);
  if ('left' in node) {
    reachable(node.left, made, found);
    reachable(node.right, made, found);
  }
  return found;
}

/** The byte 2 before a head, 3 before two children: neither can be taken for the other, nor for a node of the log. */
function hashOf(node: HeadNode): string {
  const hash = createHash('sha256');
  if ('head' in node) hash.update(Buffer.of(2)).update(canonical(node.head));
  else hash.update(Buffer.of(3)).update(node.left, 'hex').update(node.right, 'hex');
  return hash.digest('hex');
}

function keyOf(actionId: string): Buffer {
  return createHash('sha256').update(actionId).digest();
}

/** Whether the way to a key turns right at a depth. */
function isRight(key: Buffer, depth: number): boolean {
  return (((key[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1) === 1;
}
