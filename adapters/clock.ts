import type { Clock } from '#core/ports.ts';

/** The machine's clock. */
export const clock: Clock = { now: () => new Date() };
