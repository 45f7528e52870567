import { type Head, headsRoot } from '#core/ledger/heads.ts';
import {
  append,
  consistencyProof,
  EMPTY,
  type Frontier,
  inclusionProof,
  isConsistent,
  isIncluded,
  rootOf,
} from '#core/ledger/merkle.ts';
import { CHAIN_START, firstBroken, type Sealed, seal } from '#core/ledger.ts';
import { print } from './print.ts';

/** What proving costs: `node bench/ledger.ts [entries]`. All in memory, on one core; what AWS takes for its part is not in it. */

const ENTRIES = Number(process.argv[2] ?? 100_000);
const LENGTH = 5;
const PROOFS = 2_000;

const rows: [string, string, string][] = [];

async function timed<T>(what: string, count: number, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const done = await work();
  const spent = performance.now() - start;
  rows.push([what, `${Math.round(spent)} ms`, `${((1000 * spent) / count).toFixed(1)} µs`]);
  return done;
}

/** An action's chain as the product writes it, of the usual size. */
function chain(action: number): Sealed[] {
  const sealed: Sealed[] = [];
  for (let seq = 1; seq <= LENGTH; seq += 1) {
    sealed.push(
      seal({
        ...{ v: 1, org: 'acme', actionId: `act_${String(action).padStart(26, '0')}`, seq, type: 'VOTED' },
        prev: sealed.at(-1)?.hash ?? CHAIN_START,
        at: new Date(1_795_000_000_000 + action * 1000).toISOString(),
        actor: { principal: 'p_0123456789abcdef', auth: 'session' },
        ...{ channel: 'web', revision: 1, payloadCommit: 'c'.repeat(64), rule: 'change_code' },
        ...{ policyHash: `sha256:${'d'.repeat(64)}`, decision: 'approve', reasonCommit: 'e'.repeat(64) },
      }),
    );
  }
  return sealed;
}

const actions = Array.from({ length: ENTRIES / LENGTH }, (_, at) => at);
const chains = await timed('seal every entry', ENTRIES, () => actions.map(chain));
const leaves = chains.flat().map(({ hash }) => hash);
await timed('verify every chain', ENTRIES, () => {
  const broken = chains.find((one) => firstBroken(one));
  if (broken) throw new Error('A chain is broken');
});

const full = new Map<string, string>();
const roots = new Map<number, string>();
const tree = await timed('grow the tree, a checkpoint each 1,000', ENTRIES, () =>
  leaves.reduce<Frontier>((before, leaf) => {
    const after = append(before, leaf, ({ level, index, hash }) => full.set(`${level}/${index}`, hash));
    if (after.size % 1_000 === 0) roots.set(after.size, rootOf(after));
    return after;
  }, EMPTY),
);
const root = rootOf(tree);
await timed('append to it and take the root', PROOFS, () => {
  for (let at = 0; at < PROOFS; at += 1) rootOf(append(tree, leaves[at] as string));
});
const heads = chains.map((one, at): Head => {
  const { seq, hash } = one.at(-1) as Sealed;
  return { actionId: `act_${String(at).padStart(26, '0')}`, seq, hash };
});
await timed('root over the last entries', heads.length, () => headsRoot(heads));

const nodes = async (level: number, index: number) => full.get(`${level}/${index}`) as string;
await timed('prove that an entry is in it, and check', PROOFS, async () => {
  for (let at = 0; at < PROOFS; at += 1) {
    const index = (at * 7_919) % ENTRIES;
    const proof = await inclusionProof(index, ENTRIES, nodes);
    const isThere = isIncluded({ leaf: leaves[index] as string, index }, { size: ENTRIES, root }, proof);
    if (!isThere) throw new Error(`Entry ${index} is not proven`);
  }
});
await timed('prove that checkpoints are one history', roots.size, async () => {
  for (const [size, before] of roots) {
    const proof = await consistencyProof(size, ENTRIES, nodes);
    if (!isConsistent({ size, root: before }, { size: ENTRIES, root }, proof))
      throw new Error(`Fork at ${size}`);
  }
});

print(
  `${ENTRIES.toLocaleString('en')} entries of ${actions.length.toLocaleString('en')} actions`,
  ['', 'in all', 'each'],
  rows.map(([what, ...cells]) => [what.padEnd(40), ...cells]),
);
