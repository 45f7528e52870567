import type { Identities } from '#core/people/account.ts';
import { delegationView } from '#core/people/delegation.ts';
import { keyView } from '#core/people/key.ts';
import type { People } from '#core/people/ports.ts';
import type { Principal } from '#core/people/principal.ts';
import type { Clock } from '#core/ports.ts';

interface Asked {
  people: Pick<People, 'delegations' | 'keys' | 'list'>;
  identities: Pick<Identities, 'list'>;
  clock: Clock;
  principal: Principal;
  org: string;
}

/** Who asks, and what they may. */
export function me({ principal }: Pick<Asked, 'principal'>) {
  if (principal.via === 'key')
    return { org: principal.org, id: principal.id, roles: [], scopes: principal.scopes };
  const { org, id, email, name, roles } = principal;
  return { org, id, email, name, roles };
}

/** Everybody in the organization, with the accounts that are theirs. */
export async function everybody({ people, identities, org }: Asked) {
  const [all, accounts] = await Promise.all([people.list(org), identities.list(org)]);
  return {
    people: all.map(({ id, email, name, roles, groups, awayUntil, slack }) => ({
      id,
      email,
      name,
      roles,
      groups,
      awayUntil,
      slack,
      accounts: accounts
        .filter(({ person }) => person === id)
        .map(({ at, id: account, evidence }) => ({ at, id: account, evidence })),
    })),
  };
}

/** An admin sees every key, anybody else their own. */
export async function keys({ people, clock, org, principal }: Asked) {
  const isAdmin = principal.via === 'session' && principal.roles.includes('admin');
  const all = await people.keys(org, clock.now());
  return { keys: all.filter(({ owner }) => isAdmin || owner === principal.id).map(keyView) };
}

/** Who stands in for whom now. */
export async function delegations({ people, clock, org }: Asked) {
  const [all, everybody] = await Promise.all([people.delegations(org), people.list(org)]);
  const nameOf = (person: string) => everybody.find(({ id }) => id === person)?.email ?? person;
  const at = clock.now().toISOString();
  const live = all.filter(({ revokedAt, endsAt }) => !revokedAt && endsAt > at);
  return { delegations: live.map((one) => delegationView(one, nameOf)) };
}
