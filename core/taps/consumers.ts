import * as z from 'zod';

/** Something that reads an integration's data, and what of it. */
export const Consumer = z.object({
  /** As people call it: `billing dashboard`, `acme/target-ledger`. */
  name: z.string().min(1).max(200),
  /** By stream, the paths that it reads (`lines[].sku`); `*` is everything. */
  reads: z.record(z.string(), z.array(z.string().min(1).max(500)).max(5_000)),
});
export type Consumer = z.infer<typeof Consumer>;
export const Consumers = z.array(Consumer).max(50);

/** Names of those who read a stream, or a field of it: the field itself, what it is in, or what is in it. */
export function readersOf(consumers: Consumer[], stream: string, path?: string): string[] {
  return consumers
    .filter(
      ({ reads }) => Object.hasOwn(reads, stream) && (reads[stream] ?? []).some((one) => touches(one, path)),
    )
    .map(({ name }) => name);
}

function touches(read: string, path: string | undefined): boolean {
  return path === undefined || read === '*' || isWithin(read, path) || isWithin(path, read);
}

/** Whether a path is another, or below it. */
export function isWithin(path: string, above: string): boolean {
  return path === above || (path.startsWith(above) && /^[.[]/.test(path.slice(above.length)));
}
