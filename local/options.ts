import type { RequestListener } from 'node:http';
import type { Clock, MovableClock } from './clock.ts';
import type { Door } from './ports.ts';
import type { Happening } from './services.ts';
import type { Store, StoreOptions } from './store.ts';

export interface Options {
  /** The repository: sources and the CDK app are named from here. */
  root: string;
  /** Where everything is kept; created when missing. */
  folder: string;
  /** Empties the folder first, and ends what still runs of it. */
  fresh?: boolean;
  /** The CDK app to synthesise, from the root; `bin/app.ts` unless given. */
  app?: string;
  /** A folder that the CDK has synthesised into already. */
  assembly?: string;
  /** Values of the template's parameters, once it is known where everything listens. */
  parameters?: (url: (door: Door) => string) => Record<string, string>;
  /** Ports that shall not be the remembered or usual ones; 0 for any. */
  ports?: Partial<Record<Door, number>>;
  /** What answers at the forge and the model; without one its door stays shut. */
  companions?: Partial<Record<'forge' | 'model', (given: Given) => Companion>>;
  clock?: MovableClock;
  /** What every task's environment says besides. */
  taskEnvironment?: Record<string, string>;
  /** See {@link StoreOptions}: tests die here. */
  onCommit?: StoreOptions['onCommit'];
  /** The disk failed: nothing more can be kept, so this process should end. */
  onFailure?: StoreOptions['onFailure'];
  onHappening?: (happening: Happening) => void;
}

/** What a companion is made of. */
export interface Given {
  store: Store;
  clock: Clock;
  url(door: Door): string;
}

export interface Companion {
  handle(...request: Parameters<RequestListener>): unknown;
  resume?(): Promise<void>;
  stop?(): Promise<void> | void;
}
