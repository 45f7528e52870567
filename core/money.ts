/** Nano-dollars as people read them: `$1.24`, and below a cent as much as there is to say. */
export function dollars(nanoUsd: number): string {
  const cents = nanoUsd / 1e7;
  if (cents > 0 && cents < 1) return 'under $0.01';
  return `$${(cents / 100).toFixed(2)}`;
}
