import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, type Fate, fate } from './fates.ts';

/** Invocations that stop at each request that is a move of the model, until they are told to go on or to die. */
export interface Gates {
  /** Where an invocation is held: before a request, or between what it did and its answer. */
  at(who: string): 'request' | 'answer' | undefined;
  /** Lets one that is held go on to where it is held next, or to its end. */
  release(who: string, fate?: Fate): void;
  /** Holds nobody any more. */
  open(): void;
}

interface Held {
  at: 'request' | 'answer';
  goOn(fate: Fate): void;
}

export function gates(isMove: (call: Call) => boolean, hasAnswer: (call: Call) => boolean): Gates {
  const held = new Map<string, Held>();
  let isOpen = false;
  const hold = ({ who }: Call, at: Held['at']) =>
    new Promise<Fate>((goOn) => {
      if (isOpen) goOn('lives');
      else held.set(who, { at, goOn });
    });
  fate(async (call) => {
    if (!isMove(call)) return 'lives';
    const its = await hold(call, 'request');
    if (its !== 'lives' || !hasAnswer(call)) return its;
    return async () => ((await hold(call, 'answer')) === 'lives' ? 'lives' : 'dies after');
  });
  return {
    at: (who) => held.get(who)?.at,
    release: (who, its = 'lives') => {
      const one = held.get(who);
      if (!one) throw new Error(`${who} is not held; ${[...held.keys()]} are`);
      held.delete(who);
      one.goOn(its);
    },
    open: () => {
      isOpen = true;
      for (const { goOn } of held.values()) goOn('lives');
      held.clear();
    },
  };
}

/** Waits until something is so, and does `meanwhile` now and then. */
export async function comes(
  isSo: () => boolean | Promise<boolean>,
  meanwhile?: () => unknown,
): Promise<void> {
  for (let looks = 1; !(await isSo()); looks += 1) {
    if (looks > 3_000) throw new Error('It does not come');
    await sleep(2);
    if (looks % 5 === 0) await meanwhile?.();
  }
}
