/** A number that is not more than before. */
export function notMore(before: unknown, after: unknown): boolean {
  return typeof before === 'number' && typeof after === 'number' && after <= before;
}

/** Some of the same, none that was not there. */
export function someOf(before: unknown, after: unknown): boolean {
  return Array.isArray(before) && Array.isArray(after) && after.every((one) => before.includes(one));
}

/** The same text with words left out: nothing is said that was not said before. */
export function wordsOf(before: unknown, after: unknown): boolean {
  if (typeof before !== 'string' || typeof after !== 'string') return false;
  const words = before.split(/\s+/);
  let from = 0;
  return after.split(/\s+/).every((word) => {
    if (word !== '') from = words.indexOf(word, from) + 1;
    return from > 0 || word === '';
  });
}
