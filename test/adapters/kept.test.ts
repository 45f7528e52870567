import { describe, expect, it } from 'vitest';
import { kept } from '#adapters/kept.ts';
import { handClock, NOW } from '../support/approvals.ts';

const later = (ms: number) => new Date(NOW.getTime() + ms);

function counting() {
  const clock = handClock();
  const reads: string[] = [];
  let isDown = false;
  const values = kept(
    async (key) => {
      reads.push(key);
      if (isDown) throw new Error('down');
      return `${key} ${reads.length}`;
    },
    { clock, freshMs: 300_000, againMs: 30_000 },
  );
  return {
    clock,
    reads,
    values,
    goDown(is: boolean) {
      isDown = is;
    },
  };
}

describe('what is kept', () => {
  it('is read once for all who ask at the same time, and for each key', async () => {
    const { values, reads } = counting();
    const all = await Promise.all([values.get('a'), values.again('a'), values.get('a'), values.get('b')]);

    expect(all).toEqual(['a 1', 'a 1', 'a 1', 'b 2']);
    expect(reads).toEqual(['a', 'b']);
  });

  it('is good for as long as it says, and is read again for doubts after half a minute', async () => {
    const { values, reads, clock } = counting();
    await values.get('a');
    clock.set(later(29_999));
    await values.again('a');
    clock.set(later(30_000));
    await values.again('a');
    clock.set(later(30_000 + 299_999));
    await values.get('a');
    expect(reads).toHaveLength(2);
    clock.set(later(30_000 + 300_000));
    await values.get('a');
    expect(reads).toHaveLength(3);
  });

  it('is never a failure', async () => {
    const { values, goDown } = counting();
    goDown(true);
    await expect(values.get('a')).rejects.toThrow('down');
    goDown(false);

    expect(await values.get('a')).toBe('a 2');
  });

  it('does not grow with the keys that are asked for', async () => {
    const { values, reads } = counting();
    for (let key = 0; key <= 1_000; key += 1) await values.get(String(key));
    await values.get('1000');
    expect(reads).toHaveLength(1_001);
    await values.get('0');
    expect(reads).toHaveLength(1_002);
  });
});
