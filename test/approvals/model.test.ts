import { describe, expect, it } from 'vitest';
import { explore, INVARIANTS, type Invariant, violations } from './explore.ts';
import { OURS, type Protocol } from './model.ts';

/** Simplifications that look harmless, and what each of them breaks. */
const BROKEN: Record<string, { change: Partial<Protocol>; breaks: Invariant[] }> = {
  'sending once, right after the write': {
    change: { sends: 'after the write' },
    breaks: ['a decision reaches its machine before time is over'],
  },
  'believing the answer instead of the row': {
    change: { believes: 'answer' },
    breaks: ['the outcome is what is recorded'],
  },
  'sending before the write': {
    change: { sends: 'before the write', believes: 'answer', comparesStatus: false },
    breaks: [
      'the outcome is what is recorded',
      'the record holds one decision',
      'no effect without an approval on record',
    ],
  },
  'writing without comparing the status': {
    change: { comparesStatus: false },
    breaks: [
      'the outcome is what is recorded',
      'the record holds one decision',
      'the row says what the ledger says',
      'no effect without an approval on record',
    ],
  },
  'acting without a claim': { change: { claims: false }, breaks: ['the effect happens at most once'] },
  'ticking off after any sending': {
    change: { ticksOff: 'after sending' },
    breaks: ['a decision reaches its machine before time is over'],
  },
  'ticking off when no machine waits yet': {
    change: { ticksOff: 'without a token' },
    breaks: ['a decision reaches its machine before time is over'],
  },
};

const count = (states: number) => `${states.toLocaleString('en-US')} states`;

describe('the protocol, in every order and with every two deaths', () => {
  it('breaks nothing', () => {
    const nodes = explore(OURS);
    process.stdout.write(`the protocol: ${count(nodes.length)}\n`);

    expect(violations(nodes)).toEqual({});
    expect(nodes.length).toBeGreaterThan(5_000);
    expect(nodes.filter(({ next }) => next.effects === 1).length).toBeGreaterThan(0);
  });

  it.each(Object.entries(BROKEN))('is needed: %s breaks', (name, { change, breaks }) => {
    const nodes = explore({ ...OURS, ...change });
    const found = violations(nodes);
    process.stdout.write(`${name}: ${count(nodes.length)}, breaks ${Object.keys(found).join('; ')}\n`);

    expect(Object.keys(found)).toEqual(expect.arrayContaining(breaks));
  });

  it('has no invariant that nothing breaks', () => {
    const broken = new Set(Object.values(BROKEN).flatMap(({ breaks }) => breaks));

    expect([...broken].sort()).toEqual(Object.keys(INVARIANTS).sort());
  });
});
