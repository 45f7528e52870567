/** One request to the mock that changes something there. */
export interface Write {
  /** `POST /people` */
  what: string;
  /** It names a record that the other side made before. */
  isUpdate: boolean;
}

const READS = /\/(?:search|query|find|lookup|count)$/i;

/** What a second run on the same input writes that may make a record again: by POST, or by PUT to a new address. */
export function doubling(first: Write[], again: Write[]): Write[] {
  const known = new Set(first.map(({ what }) => addressOf(what)));
  return again.filter(({ what, isUpdate }) => {
    if (isUpdate) return false;
    if (what.startsWith('POST ')) return !READS.test(what);
    return what.startsWith('PUT ') && !known.has(addressOf(what));
  });
}

function addressOf(what: string): string {
  return what.slice(what.indexOf(' ') + 1);
}
