import * as z from 'zod/mini';
import { Fault } from '#core/fault.ts';

const Position = z.tuple([z.string().check(z.maxLength(100)), z.string().check(z.maxLength(300))]);
type Position = z.infer<typeof Position>;

/** Where a page ended, as text for a URL. It names no organization: whoever sends it stays within their own. */
export function cursorOf(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Throws `Invalid` for anything that {@link cursorOf} did not make. */
export function positionOf(cursor: string): Position {
  try {
    return Position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new Fault('Invalid', 'cursor: not one of ours; start again without it', { cause });
  }
}
