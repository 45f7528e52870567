import type { Clock } from '../ports.ts';
import { normalEmail, type Person, personId } from './person.ts';
import type { People } from './ports.ts';

/** Who becomes the first admin, named at deploy. */
export interface First {
  email: string;
  org: string;
}

/** Whether anyone may sign in with this address. */
export async function isKnown(email: string, people: People, first: First): Promise<boolean> {
  return isFirst(email, first) || (await people.findByEmail(email)).length > 0;
}

/**
 * The person that a proven address signs in as: in `org` when it is given, else in the first organization that knows
 * them. The first admin is made here, at their first sign-in. Nobody else is ever made by signing in.
 */
export async function signInAs(
  { email, org, name }: { email: string; org?: string | undefined; name?: string | undefined },
  { people, first, clock }: { people: People; first: First; clock: Clock },
): Promise<Person | undefined> {
  const known = await people.findByEmail(email);
  const admin = isFirst(email, first) && !known.some((one) => one.org === first.org);
  const all = admin ? [await people.admit(firstAdmin(email, name, { first, clock })), ...known] : known;
  return org ? all.find((one) => one.org === org) : all[0];
}

function isFirst(email: string, first: First): boolean {
  return normalEmail(email) === normalEmail(first.email);
}

function firstAdmin(
  email: string,
  name: string | undefined,
  { first, clock }: { first: First; clock: Clock },
): Person {
  const address = normalEmail(email);
  return {
    org: first.org,
    id: personId(first.org, address),
    email: address,
    name: name ?? address.split('@')[0] ?? address,
    roles: ['admin'],
    groups: [],
    createdAt: clock.now().toISOString(),
  };
}
