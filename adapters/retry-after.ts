/** For how many milliseconds a server asks to be left alone, by its `retry-after`: seconds or a date. */
export function retryAfterMs(said: string | string[] | undefined, now = Date.now()): number | undefined {
  if (!said || typeof said !== 'string') return undefined;
  const ms = /^\d+(\.\d+)?$/.test(said) ? Number(said) * 1000 : Date.parse(said) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
