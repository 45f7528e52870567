import type { Delegation } from './delegation.ts';
import type { ApiKey } from './key.ts';
import type { Person, SlackMember } from './person.ts';

export interface People {
  find(org: string, id: string): Promise<Person | undefined>;
  /** In every organization that the address is in, ordered by organization. */
  findByEmail(email: string): Promise<Person[]>;
  /** Stores the person unless there is one with this id; answers the stored one. */
  admit(person: Person): Promise<Person>;
  /** Everybody who is in an organization, by address. */
  list(org: string): Promise<Person[]>;
  /** Changes a person; throws `NotFound`. */
  change(
    org: string,
    id: string,
    change: { [Name in 'name' | 'roles' | 'groups' | 'awayUntil' | 'leftAt']?: Person[Name] | undefined },
  ): Promise<Person>;
  /** Every delegation of an organization that has not ended. */
  delegations(org: string): Promise<Delegation[]>;
  /** Stores a delegation, once. */
  delegate(delegation: Delegation): Promise<void>;
  /** Ends a delegation from now on; one that has ended stays so. Throws `NotFound`. */
  endDelegation(org: string, from: string, id: string, at: string): Promise<void>;
  /** The person behind a session, unless they are gone or signed out of it. */
  findInSession(session: Session): Promise<Person | undefined>;
  /** Makes a session worthless from now on, on every device that holds a copy. */
  endSession(session: Session): Promise<void>;
  createKey(key: ApiKey): Promise<void>;
  /** Every key of an organization that still opens something. */
  keys(org: string, now: Date): Promise<ApiKey[]>;
  findKey(id: string): Promise<ApiKey | undefined>;
  revokeKey(id: string, at: string): Promise<void>;
  /** Makes a key in another's place, which ends at `until`, if it has not by then: both or neither. */
  replaceKey(old: ApiKey, key: ApiKey, until: string): Promise<void>;
  /** Remembers a key's use, at most once a minute. */
  touchKey(key: ApiKey, at: string): Promise<void>;
}

/** Which Slack members are which people. One of each, so that a person in Slack is the person on the web. */
export interface SlackPeople {
  find(org: string, member: SlackMember): Promise<Person | undefined>;
  /** Throws `Conflict` when the member is somebody else here, or the person is another member. */
  link(person: Pick<Person, 'org' | 'id'>, member: SlackMember): Promise<void>;
  unlink(person: Person): Promise<void>;
}

/** What a session's token says. Roles are not in it: they are looked up, so that taking one away works at once. */
export interface Session {
  org: string;
  personId: string;
  /** Random; names this one sign-in. */
  id: string;
  /** Epoch seconds. */
  expires: number;
}

/** Signs and reads session tokens. */
export interface Sessions {
  issue(session: Omit<Session, 'expires' | 'id'>): Promise<{ token: string; session: Session }>;
  /** Nothing for a token that is forged, expired or not a session's. */
  read(token: string): Promise<Session | undefined>;
}

/** Codes that were asked for. A code itself is stored nowhere. */
export interface SignIns {
  /** Counts a request against a limit per hour; answers whether it is within. `who` is an address, of mail or network. */
  isWithin(limit: number, who: string, now: Date): Promise<boolean>;
  /** Remembers the newest request for an address, which ends those before it. */
  begin(email: string, request: { requestId: string; expiresAt: Date }): Promise<void>;
  /** Counts a try; answers the request that it is for, unless there is none, it is over, or too many were made. */
  attempt(email: string, now: Date): Promise<string | undefined>;
  /** Uses the request up; answers whether it was still there. */
  use(email: string, requestId: string): Promise<boolean>;
}
