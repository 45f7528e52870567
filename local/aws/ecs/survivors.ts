import type { Store } from '../../store.ts';
import { isAlive, signal } from './process.ts';
import { openRows } from './rows.ts';

/** Ends at once whatever tasks still run, and records nothing: for a store that is about to be thrown away. */
export function killSurvivors(store: Store): void {
  for (const { handle } of openRows(store).open()) if (handle && isAlive(handle)) signal(handle, 'SIGKILL');
}
