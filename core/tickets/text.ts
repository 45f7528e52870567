/** At most `max` characters, with a mark where it was cut; halves of surrogate pairs, which no table takes, are replaced. */
export function cut(text: string, max: number): string {
  const whole = text.toWellFormed();
  return whole.length <= max ? whole : `${whole.slice(0, max - 1)}…`.toWellFormed();
}

/** One line without control characters: titles come from outside and go into subjects, branches and log lines. */
export function oneLine(text: string, max: number): string {
  return cut(text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim(), max);
}
