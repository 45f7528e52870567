import { type Move, moves, OURS, type Protocol, START, type State } from './model.ts';

/** What must never be, whatever happens in whatever order. */
export const INVARIANTS = {
  'the outcome is what is recorded': ({ machine, ledger }: State) =>
    machine.at !== 'ended' || machine.branch === ledger.first,
  'the record holds one decision': ({ ledger, row }: State) =>
    ledger.entries === (row.status === 'PENDING' ? 0 : 1),
  'the row says what the ledger says': ({ ledger, row }: State) =>
    row.status === 'PENDING' || (row.status === 'EXECUTING' ? 'APPROVED' : row.status) === ledger.first,
  'the effect happens at most once': ({ effects }: State) => effects <= 1,
  'no effect without an approval on record': ({ effects, ledger }: State) =>
    effects === 0 || ledger.first === 'APPROVED',
  'a decision reaches its machine before time is over': () => true, // judged on the whole graph
};
export type Invariant = keyof typeof INVARIANTS;

export interface Node extends Move {
  key: string;
  /** How it was first reached. */
  from: Node | undefined;
  out: { name: string; to: Node }[];
}

/** Every state that can be reached, in the order of how few moves it takes. */
export function explore(protocol: Protocol = OURS): Node[] {
  const known = new Map<string, Node>();
  const visit = ({ name, next }: Move, from: Node | undefined): Node => {
    const key = JSON.stringify(next);
    const seen = known.get(key);
    if (seen) return seen;
    const node: Node = { name, next, key, from, out: [] };
    known.set(key, node);
    return node;
  };
  visit({ name: 'start', next: START }, undefined);
  for (const node of known.values()) {
    node.out = moves(node.next, protocol).map((move) => ({ name: move.name, to: visit(move, node) }));
  }
  return [...known.values()];
}

/** Each invariant that does not hold, with the moves that break it soonest. */
export function violations(nodes: Node[]): Partial<Record<Invariant, string[]>> {
  const broken: Partial<Record<Invariant, string[]>> = {};
  for (const [name, holds] of Object.entries(INVARIANTS) as [Invariant, (state: State) => boolean][]) {
    const node = nodes.find(({ next }) => !holds(next));
    if (node) broken[name] = path(node);
  }
  const stuck = nodes.find(isStuck(nodes));
  if (stuck) broken['a decision reaches its machine before time is over'] = path(stuck);
  return broken;
}

/** Moves that nobody may count on: deaths, a token that happens to be renewed, and the end of time. */
const LUCK = / dies|renews|time is over/;

/** Decided states from which the machine cannot get to its end without luck. */
function isStuck(nodes: Node[]): (node: Node) => boolean {
  const before = new Map<Node, Node[]>();
  for (const node of nodes)
    for (const { name, to } of node.out)
      if (!LUCK.test(name)) before.set(to, [...(before.get(to) ?? []), node]);
  const good = new Set(nodes.filter(({ next }) => next.machine.at === 'ended'));
  for (const node of good) for (const earlier of before.get(node) ?? []) good.add(earlier);
  return (node) => node.next.row.status !== 'PENDING' && !good.has(node);
}

/** The moves to a state from the start. */
export function path(node: Node): string[] {
  return node.from ? [...path(node.from), node.name] : [];
}
