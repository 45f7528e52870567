import { Fault } from '#core/fault.ts';
import { forgeFault, type GitHub } from './client.ts';

/** A repository at a forge. */
export interface Place {
  client: GitHub;
  owner: string;
  repo: string;
}

/** Does `what`; what goes wrong at the forge is a fault. */
export async function trying<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Fault ? error : forgeFault(error, what);
  }
}
