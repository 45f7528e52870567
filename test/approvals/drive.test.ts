import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Driven, driven, type Seen } from './drive.ts';
import { explore, type Node } from './explore.ts';
import { fate } from './fates.ts';
import type { State } from './model.ts';
import { type Stage, stage } from './stage.ts';

const isFull = Boolean(process.env.SIGNALBOX_FULL);

let here: Stage;
beforeAll(async () => {
  here = await stage();
});
afterAll(() => here.stop());

interface Walk {
  move: string;
  to: State;
}

/** The moves to a state, with the state after each. */
function walk(node: Node): Walk[] {
  return node.from ? [...walk(node.from), { move: node.name, to: node.next }] : [];
}

/** What makes two moves the same: their name; in the full run also all that can be seen of where they lead. */
function kind({ move, to }: Walk): string {
  const { row, machine, loader } = to;
  return isFull ? JSON.stringify([move, row, machine, loader]) : move;
}

/** A ticket's machine carries its plan out itself and claims nothing; agents that do are in carry-out.test.ts. */
const isDriven = (move: string) => !move.startsWith('executor');

/** Walks that together make every kind of move, each as short as it can be. */
function walks(): { all: Walk[][]; kinds: Set<string> } {
  const kinds = new Set<string>();
  const longest = explore()
    .flatMap((node) => node.out.map(({ name, to }) => [...walk(node), { move: name, to: to.next }]))
    .filter((one) => one.every(({ move }) => isDriven(move)))
    .filter((one) => {
      const isNew = one.some((step) => !kinds.has(kind(step)));
      for (const step of one) kinds.add(kind(step));
      return isNew;
    });
  return { all: longest, kinds };
}

function visible({ row, ledger, machine: { at, registered } }: State): Seen {
  return { row, ledger, machine: { at, registered } };
}

const ENDS: Record<string, string> = { APPROVED: 'in_review', DECLINED: 'declined', EXPIRED: 'escalated' };

async function follow(steps: Walk[], real: Driven): Promise<void> {
  for (const [at, { move, to }] of steps.entries()) {
    const done = steps.slice(0, at + 1).map((one) => one.move);
    await real.make(move).catch((error) => {
      throw new Error(`${done.join(', ')}: ${error.message}`, { cause: error });
    });
    expect(await real.seen(), done.join(', ')).toEqual(visible(to));
  }
}

describe('T33: the real functions and the real machine do what the model does', () => {
  it('in every kind of move, and go on to a right end from there', { timeout: 1_200_000 }, async () => {
    const { all, kinds } = walks();
    for (const steps of all) {
      const real = await driven(here);
      await follow(steps, real);
      const end = await real.finish();
      const { ledger, row } = await real.seen();
      fate(() => 'lives');

      expect({ end, entries: ledger.entries, resume: row.resume }).toEqual({
        ...{ end: ENDS[ledger.first], entries: 1, resume: 'RESUMED' },
      });
      expect(row.status).toBe(ledger.first);
    }
    process.stdout.write(`${kinds.size} kinds of moves on ${all.length} walks\n`);

    expect(kinds.size).toBeGreaterThanOrEqual(29);
  });
});
