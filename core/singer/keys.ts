const FIRST_SLOTS = 2 ** 12;
/** 64 MB. */
const MOST_SLOTS = 2 ** 23;
const FULL = 0.75;

export interface Keys {
  /** Whether this key was there before; adds it. */
  has(seed: Seed, key: string): boolean;
  /** Of how many keys one is remembered: 1 as long as every repetition is found. */
  sampling(): number;
}

/** Keeps the keys of different streams apart. */
export type Seed = readonly [high: number, low: number];

/**
 * Which keys have been seen, by 64 bits of each, in at most 64 MB. When those are full it keeps the keys of every second
 * hash, then of every fourth, and says so: repetitions are then found among those only. A key is taken for a repeated
 * one by mistake with a chance of about one in thirty million in a million keys.
 */
export function keySet(mostSlots = MOST_SLOTS): Keys {
  let slots = Math.min(FIRST_SLOTS, mostSlots);
  let table = new Uint32Array(slots * 2);
  let count = 0;
  let mask = 0;

  const place = (high: number, low: number): boolean => {
    for (let at = (high ^ low) & (slots - 1); ; at = (at + 1) & (slots - 1)) {
      const [a, b] = [table[at * 2], table[at * 2 + 1]];
      if (a === high && b === low) return true;
      if (a !== 0 || b !== 0) continue;
      table[at * 2] = high;
      table[at * 2 + 1] = low;
      count++;
      return false;
    }
  };
  const rebuild = () => {
    if (slots < mostSlots) slots *= 2;
    else mask = mask * 2 + 1;
    const old = table;
    table = new Uint32Array(slots * 2);
    count = 0;
    for (let at = 0; at < old.length; at += 2) {
      const [high = 0, low = 0] = [old[at], old[at + 1]];
      if ((high !== 0 || low !== 0) && (high & mask) === 0) place(high, low);
    }
  };
  return {
    has(seed, key) {
      const [high, low] = hash(seed, key);
      if ((high & mask) !== 0) return false;
      const isThere = place(high, low);
      while (count > slots * FULL) rebuild();
      return isThere;
    },
    sampling: () => mask + 1,
  };
}

export function seedOf(name: string): Seed {
  return hash([0xdeadbeef, 0x41c6ce57], name);
}

/** Two lanes of multiply and mix; never both 0, which marks an empty place. */
function hash([a, b]: Seed, key: string): Seed {
  let high = a;
  let low = b;
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
    high ^= high >>> 15;
    low ^= low >>> 13;
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return [high >>> 0, low >>> 0 || 1];
}
