import type { Ticket } from '../tickets/ticket.ts';
import type { Identities } from './account.ts';
import { personId } from './person.ts';

/** Ids of everybody who a ticket's reporter may be: by address, and by account. */
export async function peopleBehind(
  { org, reporter }: Pick<Ticket, 'org' | 'reporter'>,
  identities: Pick<Identities, 'personOf'>,
): Promise<string[]> {
  const { email, account } = reporter;
  const known = account && (await identities.personOf(org, account));
  return [...new Set([...(email ? [personId(org, email)] : []), ...(known ? [known] : [])])];
}
