import type { Clock } from '#core/ports.ts';

interface Entry<T> {
  value: Promise<T>;
  readAt: number;
}

interface Limits {
  clock: Clock;
  /** How long a value is good without another look. */
  freshMs: number;
  /** Least time between two looks at one key that `again` causes. */
  againMs: number;
}

const MAX_KEYS = 1_000;

/** Values that are read from elsewhere and kept for a while. Callers who ask for one key at once share one read; a failed read is not kept. */
export function kept<T>(read: (key: string) => Promise<T>, { clock, freshMs, againMs }: Limits) {
  const known = new Map<string, Entry<T>>();

  function within(key: string, ms: number): Promise<T> {
    const entry = known.get(key);
    const now = clock.now().getTime();
    if (entry && now - entry.readAt < ms) return entry.value;
    if (known.size >= MAX_KEYS) known.delete(known.keys().next().value ?? '');
    const fresh = { value: read(key), readAt: now };
    known.set(key, fresh);
    fresh.value.catch(() => known.get(key) === fresh && known.delete(key));
    return fresh.value;
  }

  return {
    get: (key: string) => within(key, freshMs),
    /** For when what `get` gave does not fit: read anew, unless that was done just now. */
    again: (key: string) => within(key, againMs),
  };
}
