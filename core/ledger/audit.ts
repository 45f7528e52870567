import { CHAIN_START, entryIn, firstBroken, type Sealed } from '../ledger.ts';
import type { Clock } from '../ports.ts';
import { Checkpoint, checkpointHash } from './checkpoint.ts';
import { type Head, headsRoot } from './heads.ts';
import { append, EMPTY, type Frontier, rootOf } from './merkle.ts';
import type { Archive, Place, Sequence, Trees } from './ports.ts';
import { sequenced } from './sequence.ts';
import { isGenuine } from './signature.ts';

/** Something in the books that cannot be. */
export interface Finding {
  org: string;
  /** The first entry that it makes worthless: `action#seq`, or its place where no entry can be named. */
  entry: string;
  message: string;
}

export interface Audit {
  findings: Finding[];
  entries: number;
  checkpoints: number;
  /** Entries that had been given no place, and have one now. */
  placed: number;
}

/** All entries of one action, in order. */
export interface Story {
  org: string;
  actionId: string;
  sealed: Sealed[];
}

export interface AuditNeeds {
  /** Every action of every organization, one after the other. */
  stories(): AsyncIterable<Story>;
  story(org: string, actionId: string): Promise<Sealed[]>;
  sequence: Pick<Sequence, 'find' | 'append'>;
  trees: Pick<Trees, 'growth' | 'places'>;
  archive: Pick<Archive, 'list' | 'find'>;
  /** The key that checkpoints must be signed with. */
  publicKey: string;
  clock: Clock;
}

/** Milliseconds in which an entry must have been given its place. */
const PATIENCE = 3_600_000;
const PAGE = 1_000;

/** Holds all entries against all places, and both against what is locked away. What is only late is put right. */
export async function audit(needs: AuditNeeds): Promise<Audit> {
  const sum: Audit = { findings: [], entries: 0, checkpoints: 0, placed: 0 };
  const archived = await needs.archive.list();
  const books = new Map<string, Map<string, string>>();
  for await (const { org, actionId, sealed } of needs.stories()) {
    const hashes = books.get(org) ?? new Map<string, string>();
    books.set(org, hashes);
    for (const { seq, hash } of sealed) hashes.set(`${actionId}#${seq}`, hash);
    sum.entries += sealed.length;
    const broken = firstBroken(sealed);
    if (broken) sum.findings.push({ org, entry: `${actionId}#${broken.entry}`, message: broken.message });
  }
  for (const org of new Set([...books.keys(), ...archived.keys()])) {
    const hashes = books.get(org) ?? new Map();
    const sizes = archived.get(org) ?? [];
    sum.findings.push(...(await history({ org, hashes, sizes }, needs)));
    sum.checkpoints += sizes.length;
    const late = await placeLate({ org, keys: hashes.keys() }, needs);
    sum.findings.push(...late.findings);
    sum.placed += late.placed;
  }
  return sum;
}

interface Book {
  org: string;
  /** Hashes of entries by `action#seq`; what is found in the sequence is taken out. */
  hashes: Map<string, string>;
  /** Of the checkpoints that are locked away, ascending. */
  sizes: readonly number[];
}

/** Walks an organization's sequence from its start, and holds each checkpoint against it on the way. */
async function history({ org, hashes, sizes }: Book, needs: AuditNeeds): Promise<Finding[]> {
  const findings: Finding[] = [];
  const heads = new Map<string, Head>();
  let due = 0;
  let seen: Seen = { tree: EMPTY, heads, from: 0, prev: CHAIN_START };
  for await (const place of placesOf(org, needs)) {
    const { actionId, seq, hash, index } = place;
    if (index !== seen.tree.size) break;
    if (!(await isEntry(org, place, hashes, needs)))
      findings.push({
        org,
        entry: `${actionId}#${seq}`,
        message: `entry ${seq} is not what was given place ${index}`,
      });
    seen = { ...seen, tree: append(seen.tree, hash) };
    heads.set(actionId, { actionId, seq, hash });
    if (sizes[due] !== seen.tree.size) continue;
    due += 1;
    const { wrong, next } = await checkpointAt(org, seen, { isLast: due === sizes.length }, needs);
    if (wrong) findings.push({ org, entry: `place ${seen.from}`, message: wrong });
    seen = next;
  }
  return [...findings, ...(await missing(org, { size: seen.tree.size, due: sizes[due], sizes }, needs))];
}

interface Seen {
  tree: Frontier;
  heads: ReadonlyMap<string, Head>;
  /** Size and hash of the checkpoint before. */
  from: number;
  prev: string;
}

async function* placesOf(org: string, { trees }: AuditNeeds): AsyncIterable<Place> {
  for (let from = 0; ; from += PAGE) {
    const places = await trees.places(org, from, PAGE);
    yield* places;
    if (places.length < PAGE) return;
  }
}

/** Whether a place's entry is there with the same hash. What came after the books were read is looked up. */
async function isEntry(
  org: string,
  { actionId, seq, hash }: Place,
  hashes: Map<string, string>,
  { story }: AuditNeeds,
): Promise<boolean> {
  const key = `${actionId}#${seq}`;
  const known = hashes.get(key) ?? (await story(org, actionId)).find((one) => one.seq === seq)?.hash;
  hashes.delete(key);
  return known === hash;
}

async function checkpointAt(
  org: string,
  seen: Seen,
  { isLast }: { isLast: boolean },
  { archive, publicKey }: AuditNeeds,
): Promise<{ wrong: string | undefined; next: Seen }> {
  const { size } = seen.tree;
  const signed = await archive.find(org, size);
  const next = { ...seen, from: size, prev: checkpointHash(signed?.text ?? '') };
  const named = `the checkpoint of size ${size}`;
  if (!signed || signed.publicKey !== publicKey || !isGenuine(signed))
    return { wrong: `${named} is not signed with our key`, next };
  const { root, heads, prev, ...checkpoint } = Checkpoint.parse(JSON.parse(signed.text));
  if (checkpoint.org !== org || checkpoint.size !== size)
    return { wrong: `${named} is of something else`, next };
  if (prev !== seen.prev) return { wrong: `${named} does not follow the one before it`, next };
  if (root !== rootOf(seen.tree))
    return { wrong: `${named} covers something else from place ${seen.from} on`, next };
  if (isLast && heads !== headsRoot(seen.heads.values()))
    return { wrong: `${named} knows other last entries`, next };
  return { wrong: undefined, next };
}

/** What checkpoints cover and the sequence does not have any more. */
async function missing(
  org: string,
  { size, due, sizes }: { size: number; due: number | undefined; sizes: readonly number[] },
  { trees }: AuditNeeds,
): Promise<Finding[]> {
  const growth = await trees.growth(org);
  const covered = sizes.at(-1) ?? 0;
  if (due)
    return [{ org, entry: `place ${size}`, message: `place ${size} is missing: a checkpoint covers ${due}` }];
  if ((growth?.frontier.size ?? 0) >= covered) return [];
  return [
    { org, entry: `place ${covered - 1}`, message: `the tree was set back: a checkpoint covers ${covered}` },
  ];
}

/** Gives a place to entries that should have one: their stream record was given up on. */
async function placeLate(
  { org, keys }: { org: string; keys: Iterable<string> },
  { story, sequence, clock }: AuditNeeds,
): Promise<{ findings: Finding[]; placed: number }> {
  const findings: Finding[] = [];
  let placed = 0;
  for (const actionId of new Set([...keys].map((key) => key.split('#')[0] as string))) {
    for (const sealed of await story(org, actionId)) {
      if (isYoung(sealed, clock)) break;
      const told = await sequenced({ org, actionId, ...sealed }, sequence);
      if (told.wrong !== undefined) {
        findings.push({ org, entry: `${actionId}#${sealed.seq}`, message: told.wrong });
        break;
      }
      if (told.isNew) placed += 1;
    }
  }
  return { findings, placed };
}

function isYoung({ text }: Sealed, clock: Clock): boolean {
  return clock.now().getTime() - Date.parse(entryIn(text)?.at ?? '') < PATIENCE;
}
