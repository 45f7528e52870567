/** A stream's place, or that of one of its partitions. */
export interface Bookmark {
  stream: string;
  /** Tells the partitions of a stream apart. */
  place: string;
  value: string | number;
}

type Values = Record<string, unknown>;

const LEFTOVERS = ['progress_markers', 'starting_replication_value'];

/** The places that a STATE value remembers: in the manner of both SDKs, and of taps that keep `{stream: {key: value}}`. */
export function bookmarksIn(state: unknown, keyOf: (stream: string) => string | undefined): Bookmark[] {
  return Object.entries(below(state, 'bookmarks')).flatMap(([stream, entry]) => {
    const own = placeIn(entry, keyOf(stream));
    const partitions = isObject(entry) && Array.isArray(entry.partitions) ? entry.partitions : [];
    return [
      ...(own === undefined ? [] : [{ stream, place: stream, value: own }]),
      ...partitions.flatMap((partition) => {
        const value = placeIn(partition, keyOf(stream));
        const place = `${stream} ${JSON.stringify(below(partition, 'context'))}`;
        return value === undefined ? [] : [{ stream, place, value }];
      }),
    ];
  });
}

/** Streams whose records come below those of another: the same key may come below several. */
export function partitioned(state: unknown): string[] {
  return Object.entries(below(state, 'bookmarks'))
    .filter(([, entry]) => isObject(entry) && Array.isArray(entry.partitions) && entry.partitions.length > 0)
    .map(([stream]) => stream);
}

/** What a run that ended well leaves in no bookmark. */
export function unfinished(state: unknown): string[] {
  return Object.entries(below(state, 'bookmarks'))
    .filter(([, entry]) => isObject(entry) && LEFTOVERS.some((name) => name in entry))
    .map(([stream]) => stream);
}

/** Below 0 when `now` lies before `before`; undefined when the two cannot be compared. */
export function compared(now: string | number, before: string | number): number | undefined {
  if (typeof now === 'number' && typeof before === 'number') return now - before;
  const [one, other] = [timeOf(now), timeOf(before)];
  return one === undefined || other === undefined ? undefined : one - other;
}

function timeOf(value: string | number): number | undefined {
  if (typeof value === 'number' || !/^\d{4}-\d\d-\d\d/.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

function placeIn(entry: unknown, key: string | undefined): string | number | undefined {
  if (!isObject(entry)) return undefined;
  const value = entry.replication_key_value ?? (key === undefined ? undefined : entry[key]);
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

function below(value: unknown, name: string): Values {
  const inside = isObject(value) ? value[name] : undefined;
  return isObject(inside) ? inside : {};
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
