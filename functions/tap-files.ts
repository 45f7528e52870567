import { createHash } from 'node:crypto';
import type * as z from 'zod';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import type { Artifacts } from '#core/ports.ts';
import { keyOf, Seen, type TapRef } from '#core/taps/check.ts';

type Files = Pick<Artifacts, 'text'>;

/** What a tap's container saw at a commit last, and its file's SHA-256. */
export async function seenAt(
  tap: TapRef,
  commit: string,
  files: Files,
): Promise<{ seen: Seen; digest: string }> {
  const text = await files.text(keyOf.discovered(tap, commit));
  return { seen: parseJson(Seen, text), digest: createHash('sha256').update(text).digest('hex') };
}

/** A file of ours, if it is there and of the form that is written now. */
export async function stored<T>(key: string, schema: z.ZodType<T>, files: Files): Promise<T | undefined> {
  try {
    return schema.safeParse(JSON.parse(await files.text(key))).data;
  } catch (error) {
    if (error instanceof Fault && error.code === 'NotFound') return undefined;
    throw error;
  }
}
