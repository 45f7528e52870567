import type { Store } from '../../store.ts';
import { AwsError } from '../service.ts';

type Entry = Record<string, unknown> & { Id: string };

/** Runs each entry of a batch by itself: what one of them gets wrong leaves the others done. */
export function batch(store: Store, entries: Entry[] | undefined, one: (entry: Entry) => object | undefined) {
  checkEntries(entries ?? []);
  const successful: object[] = [];
  const failed: object[] = [];
  // One commit for all of them: an entry fails before it writes anything.
  store.transaction(() => {
    for (const entry of entries ?? []) {
      try {
        successful.push({ Id: entry.Id, ...one(entry) });
      } catch (error) {
        failed.push({ Id: entry.Id, ...failure(error) });
      }
    }
  });
  return { Successful: successful, Failed: failed };
}

function checkEntries(entries: Entry[]): void {
  if (entries.length === 0) {
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  }
  if (entries.length > 10) {
    const found = `Maximum number of entries per request are 10. You have sent ${entries.length}.`;
    throw new AwsError('TooManyEntriesInBatchRequest', found);
  }
  for (const { Id } of entries) {
    if (/^[\w-]{1,80}$/.test(Id ?? '')) continue;
    const rule =
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.';
    throw new AwsError('InvalidBatchEntryId', rule);
  }
  const repeated = entries.find(({ Id }, at) => entries.findIndex((other) => other.Id === Id) !== at);
  if (repeated) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${repeated.Id} repeated.`);
}

function failure(error: unknown) {
  if (!(error instanceof AwsError) || error.status >= 500) throw error;
  return { Code: error.code, Message: error.message, SenderFault: true };
}
