import type { MovableClock } from '../clock.ts';
import type { Services } from '../services.ts';
import type { Store } from '../store.ts';

/** What is looked into. */
export interface Inside {
  store: Store;
  clock: MovableClock;
  services: Services;
  /** Where mails are read. */
  mailbox: string;
}

/** Epoch milliseconds as ISO 8601; null for what is no time. */
export function time(at: unknown): string | null {
  return typeof at === 'number' ? new Date(at).toISOString() : null;
}

/** Enough of a token to tell it from another. */
export function shortened(token: string): string {
  return token.length > 12 ? `${token.slice(-8).padStart(12, '…')}` : '…';
}
