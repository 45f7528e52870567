import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import type { Account } from './access.ts';
import type { Hooks } from './hooks.ts';
import { problem } from './problem.ts';
import type { Records, Repository } from './records.ts';

/** What every part of the forge works with. */
export interface Context {
  store: Store;
  clock: Clock;
  records: Records;
  hooks: Hooks;
  accounts: readonly Account[];
  /** The login that the pages act as; it may do everything. */
  visitor: string;
  /** Where browsers and clients reach the forge, without a slash at the end. */
  origin: () => string;
  /** Runs `work` when nothing else changes the repository's refs. */
  alone<T>(repository: Repository, work: () => Promise<T>): Promise<T>;
}

/** The folder that holds every bare repository, as `owner/name.git`. */
export function rootOf({ store }: Pick<Context, 'store'>): string {
  return join(store.folder, 'forge');
}

/** The bare repository on disk. */
export function folderOf(context: Pick<Context, 'store'>, { owner, name }: Repository): string {
  return join(rootOf(context), owner, `${name}.git`);
}

export function timeOf({ clock }: Pick<Context, 'clock'>): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The repository as `account` may see it; GitHub answers 404 for a private one, not 403. */
export function visible(
  { records }: Context,
  { owner = '', repo = '' }: Record<string, string>,
  account: Account | undefined,
): Repository {
  const repository = records.repository(owner, repo);
  if (!repository || (repository.private && !account)) throw problem(404, 'Not Found');
  return repository;
}

/** A queue for each repository: one change of refs at a time. */
export function oneAtATime(): Context['alone'] {
  const tails = new Map<number, Promise<unknown>>();
  return ({ id }, work) => {
    const run = (tails.get(id) ?? Promise.resolve()).then(work, work);
    tails.set(id, run);
    return run;
  };
}
