import { createHash } from 'node:crypto';
import * as z from 'zod';
import { canonical } from '../canonical.ts';
import { Fault } from '../fault.ts';
import { CHAIN_START } from '../ledger.ts';
import type { Clock } from '../ports.ts';
import { type Head, NO_HEADS, withHeads } from './heads.ts';
import { append, EMPTY, type Frontier, rootOf, type Subtree } from './merkle.ts';
import type { Archive, Growth, Place, Signer, Trees } from './ports.ts';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/** What is signed: all entries of an organization up to a size, and the last one of each action. */
export const Checkpoint = z.object({
  v: z.literal(1),
  org: z.string(),
  size: z.int().positive(),
  /** Of the tree over all entries. */
  root: Hash,
  /** Root of the trie over the last entries. */
  heads: Hash,
  /** SHA-256 of the checkpoint before; 64 zeros for the first. */
  prev: Hash,
  time: z.iso.datetime(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** A checkpoint's exact bytes with the signature over them: ECDSA P-256 over SHA-256, DER, base64. */
export const Signed = z.object({ text: z.string(), signature: z.base64(), publicKey: z.string() });
export type Signed = z.infer<typeof Signed>;

/** Entries that one checkpoint covers at most. */
export const MOST = 1_000;
/** Levels of the tree between two that are kept: a full subtree of 256 leaves, of 65,536, … */
export const TILE = 8;

export interface CheckpointNeeds {
  trees: Pick<Trees, 'growth' | 'places' | 'headNode' | 'keep' | 'advance' | 'archived'>;
  signer: Signer;
  archive: Archive;
  clock: Clock;
}

export interface Made {
  checkpoint: Checkpoint;
  /** When the oldest entry happened that no checkpoint covered before. */
  oldest: string;
}

/** Covers what has no checkpoint yet. A death at any point leaves what the next call completes, and never two for one size. */
export async function checkpointed(org: string, needs: CheckpointNeeds): Promise<Made[]> {
  const made: Made[] = [];
  for (;;) {
    const growth = await needs.trees.growth(org);
    if (growth) await archived(org, growth, needs);
    const one = await next(org, growth, needs);
    if (!one) return made;
    made.push(one);
  }
}

async function next(
  org: string,
  growth: Growth | undefined,
  { trees, signer, clock }: CheckpointNeeds,
): Promise<Made | undefined> {
  const { frontier, heads, signed } = growth ?? { frontier: EMPTY, heads: NO_HEADS };
  const places = await trees.places(org, frontier.size, MOST);
  if (!places[0]) return undefined;
  const grown = grow(frontier, places);
  const { root, fresh } = await withHeads(heads, headsOf(places), (hash) => trees.headNode(org, hash));
  await trees.keep(org, grown.full, fresh);
  const checkpoint: Checkpoint = {
    ...{ v: 1, org, size: grown.frontier.size, root: rootOf(grown.frontier), heads: root },
    ...{ prev: signed ? checkpointHash(signed.text) : CHAIN_START, time: clock.now().toISOString() },
  };
  const next = { frontier: grown.frontier, heads: root, signed: await signer.sign(canonical(checkpoint)) };
  const isFirst = await trees.advance(org, frontier.size, next);
  if (!isFirst) throw new Fault('Unavailable', 'Another checkpoint was made at the same time');
  return { checkpoint, oldest: places[0].at };
}

async function archived(org: string, growth: Growth, { trees, archive }: CheckpointNeeds): Promise<void> {
  if (growth.isArchived) return;
  await archive.put(org, growth.frontier.size, growth.signed);
  await trees.archived(org, growth.frontier.size);
}

/** The tree with these leaves, and the subtrees that they filled and that are kept. */
function grow(before: Frontier, places: readonly Place[]): { frontier: Frontier; full: Subtree[] } {
  const full: Subtree[] = [];
  let frontier = before;
  for (const { index, hash } of places) {
    if (index !== frontier.size)
      throw new Fault('Conflict', `Place ${frontier.size} of the sequence is missing`);
    frontier = append(frontier, hash, (one) => one.level > 0 && one.level % TILE === 0 && full.push(one));
  }
  return { frontier, full };
}

function headsOf(places: readonly Place[]): Head[] {
  const last = new Map(places.map(({ actionId, seq, hash }) => [actionId, { actionId, seq, hash }]));
  return [...last.values()];
}

/** What the next checkpoint names this one by. */
export function checkpointHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
