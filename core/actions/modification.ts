import { canonical } from '../canonical.ts';
import { Fault } from '../fault.ts';
import { parse } from '../parse.ts';
import { actionType } from './registry.ts';

/** A payload that an approver changed. */
export interface Modification {
  payload: unknown;
  /** JSON pointers of what is not as before. */
  changed: string[];
  /** Every change asks for less than before: then the one who made it may agree to it. */
  narrows: boolean;
}

/**
 * The payload with an approver's changes, checked like a new one. Throws `Forbidden` for a field that policy does not
 * let be changed, and `Invalid` for a value that the action's type does not take.
 */
export function modification(
  type: string,
  {
    before,
    patch,
    allowed,
  }: { before: object; patch: Readonly<Record<string, unknown>>; allowed: readonly string[] },
): Modification {
  const known = actionType(type);
  const refused = Object.keys(patch).filter(
    (path) => !allowed.includes(path) || !Object.hasOwn(known?.modifiable ?? {}, path),
  );
  if (!known || refused.length > 0) {
    const may = allowed.length > 0 ? `; what may be: ${allowed.join(', ')}` : '; nothing of it may be';
    throw new Fault('Forbidden', `${refused.join(', ') || type} may not be modified${may}`);
  }
  const old = before as Record<string, unknown>;
  const entries = Object.entries(patch).map(([path, value]) => ({ path, key: path.slice(1), value }));
  const payload = parse(known.payload, {
    ...old,
    ...Object.fromEntries(entries.map(({ key, value }) => [key, value])),
  });
  const changed = entries.filter(
    ({ key, value }) => canonical(old[key] ?? null) !== canonical(value ?? null),
  );
  return {
    payload,
    changed: changed.map(({ path }) => path),
    narrows: changed.every(({ path, key, value }) => known.modifiable[path]?.(old[key], value)),
  };
}
