import * as z from 'zod/mini';
import { Fault } from '../fault.ts';

/** What looks at a route, a provider's model, have found. */
export const RouteState = z.object({
  /** `provider/model`. */
  route: z.string(),
  isOpen: z.boolean(),
  /** What it was seen not to do. */
  why: z.array(z.string()),
  checkedAt: z.iso.datetime(),
  /** When it was opened or closed. */
  since: z.iso.datetime(),
});
export type RouteState = z.infer<typeof RouteState>;

/** The routes of a deployment; one that nobody has looked at yet is open. */
export interface Routes {
  all(): Promise<RouteState[]>;
  find(route: string): Promise<RouteState | undefined>;
  put(state: RouteState): Promise<void>;
}

export interface Look {
  route: string;
  /** Checks that the model failed. */
  failed: string[];
  /** Whether every check got an answer. */
  isHeard: boolean;
}

/** A failed check closes a route, and a look without one opens it. A provider that did not answer has said nothing of its model: nothing changes. */
export function afterLook(
  before: RouteState | undefined,
  { route, failed, isHeard }: Look,
  at: string,
): RouteState | undefined {
  if (failed.length === 0 && !isHeard) return before;
  const isOpen = failed.length === 0;
  const isSame = before?.isOpen === isOpen;
  return { route, isOpen, why: failed, checkedAt: at, since: isSame ? before.since : at };
}

/** Throws `Forbidden`, with what to do, for a route that is closed. */
export function refuseClosed(state: RouteState | undefined): void {
  if (!state || state.isOpen) return;
  throw new Fault(
    'Forbidden',
    `${state.route} is not used since ${state.since.slice(0, 16)}: ${state.why.join('; ')}. ` +
      'Give its roles another model in core/agents/roles.ts, or have it looked at again (docs/operating.md, "Models")',
  );
}
