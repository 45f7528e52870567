import * as z from 'zod/mini';
import { type DeadLetters, deadLetterView, PLATFORM } from '#core/dead-letters.ts';
import { Fault } from '#core/fault.ts';
import { parse } from '#core/parse.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Request } from './http.ts';

interface Asked {
  deadLetters: Pick<DeadLetters, 'list' | 'find'>;
  principal: Principal;
  firstOrg: string;
  id: string;
  query: Request['query'];
}

const Filters = z.strictObject({
  /** `platform`: of messages that name no organization. */
  of: z.optional(z.literal('platform')),
  queue: z.optional(z.string().check(z.maxLength(100))),
  status: z.optional(z.enum(['dead', 'replayed'])),
  limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100)), 25),
  cursor: z.optional(z.string().check(z.maxLength(500))),
});

/** Newest first, without their bodies. */
export async function deadLetterList({ deadLetters, principal, firstOrg, query }: Asked) {
  const { of, ...wanted } = parse(Filters, query);
  const { deadLetters: found, cursor } = await deadLetters.list(
    deadLettersSeenBy(principal, { of, firstOrg }),
    wanted,
  );
  return { deadLetters: found.map((one) => deadLetterView(one)), cursor };
}

/** One with its body. */
export async function oneDeadLetter({ deadLetters, principal, firstOrg, id, query }: Asked) {
  const { of } = parse(Filters, query);
  const found = await deadLetters.find(deadLettersSeenBy(principal, { of, firstOrg }), id);
  if (!found) throw new Fault('NotFound', `There is no dead letter ${id}`);
  return { deadLetter: deadLetterView(found, true) };
}

/** Whose dead letters are asked for: a lead's own organization's, or for an admin of the operator's those that name none. */
export function deadLettersSeenBy(
  principal: Principal,
  { of, firstOrg }: { of: 'platform' | undefined; firstOrg: string },
): string {
  allow(principal, of ? 'admin' : 'lead');
  if (!of) return principal.org;
  if (principal.org !== firstOrg)
    throw new Fault('Forbidden', `Only admins of ${firstOrg} see what belongs to no organization`);
  return PLATFORM;
}
