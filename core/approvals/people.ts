import { covers, type Delegation } from '../people/delegation.ts';
import { normalEmail, type Person, personId } from '../people/person.ts';
import type { People } from '../people/ports.ts';
import type { Approval, Approver } from './approval.ts';

/** Everybody in an organization, and who stands in for whom, at a moment. */
export interface Staff {
  everybody: readonly Person[];
  delegations: readonly Delegation[];
  now: Date;
}

export async function staffOf(
  org: string,
  people: Pick<People, 'list' | 'delegations'>,
  now: Date,
): Promise<Staff> {
  const [everybody, delegations] = await Promise.all([people.list(org), people.delegations(org)]);
  return { everybody, delegations, now };
}

export interface Groups {
  org: string;
  groups: readonly string[];
  /** Principals who may not decide. */
  conflicts: readonly string[];
  /** Whom `requesters` stands for. */
  party?: readonly string[] | undefined;
  /** Addresses that `project-approvers` stands for; they need no account. */
  projectApprovers?: readonly string[] | undefined;
}

/**
 * The people that some groups stand for, without those who had a part in asking. `admins`, `approvers`, `leads` and
 * `viewers` are everybody with that role.
 */
export function eligible(asked: Groups, { everybody }: Staff): Approver[] {
  const { org, groups, conflicts, party = [], projectApprovers = [] } = asked;
  const byAddress = groups.includes('project-approvers') ? projectApprovers.map(normalEmail) : [];
  const members = everybody.filter(
    (person) =>
      person.groups.some((group) => groups.includes(group)) ||
      person.roles.some((role) => groups.includes(`${role}s`)) ||
      (groups.includes('requesters') && party.includes(person.id)),
  );
  const all = [...byAddress.map((email) => ({ id: personId(org, email), email })), ...members];
  return [...new Map(all.map(({ id, email }) => [id, { id, email }])).values()].filter(
    ({ id }) => !conflicts.includes(id),
  );
}

type Question = Pick<Approval, 'approvers' | 'conflicts' | 'type' | 'risk'>;

/** Who is written to: approvers who are here, and whoever stands in for one who is away. The place stays the approver's. */
export function present({ approvers, conflicts, type, risk }: Question, staff: Staff): Approver[] {
  const { everybody, delegations, now } = staff;
  const here = approvers.filter(({ id }) => !isAway(id, staff));
  const standIns = approvers
    .filter(({ id }) => isAway(id, staff))
    .flatMap(({ id }) => delegations.filter(({ from }) => from === id))
    .filter((delegation) => covers(delegation, { type, risk }, now) && !conflicts.includes(delegation.to))
    .flatMap(({ to }) => everybody.filter((person) => person.id === to && !isAway(to, staff)))
    .map(({ id, email }) => ({ id, email }));
  return [...new Map([...here, ...standIns].map((one) => [one.id, one])).values()];
}

function isAway(id: string, { everybody, now }: Staff): boolean {
  const until = everybody.find((person) => person.id === id)?.awayUntil;
  return until !== undefined && now < new Date(until);
}
