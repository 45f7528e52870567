/** One attempt of a forge to deliver something; attempts at the same thing have the same `guid`. */
export interface Attempt {
  id: number;
  guid: string;
  at: string;
  /** What was answered; 0 or 5xx when nobody did. */
  status: number;
  event: string;
}

/** Something that the forge has told and nobody has taken. */
export interface Untaken {
  guid: string;
  event: string;
  /** When it was told first, and the attempt to repeat. */
  at: string;
  last: number;
  attempts: number;
}

/** What was never answered with 2xx, the oldest first, so that things come again in the order in which they were told. */
export function untaken(attempts: readonly Attempt[]): Untaken[] {
  return [...Map.groupBy(attempts, ({ guid }) => guid).values()]
    .filter((all) => !all.some(({ status }) => status >= 200 && status < 300))
    .map((all) => {
      const inOrder = all.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
      const [first, last] = [inOrder[0] as Attempt, inOrder.at(-1) as Attempt];
      return { guid: first.guid, event: first.event, at: first.at, last: last.id, attempts: all.length };
    })
    .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
