/** Putting this label on something hands it to us, whenever that is. */
export const LABEL = 'signalbox';

const NAMED = /(?:^|[^\w@./-])@signalbox\b(?![\w-])/i;

/** Whether a text speaks to us: `@signalbox`, but not in an address or a longer name. */
export function asksUs(text: string): boolean {
  return NAMED.test(text);
}
