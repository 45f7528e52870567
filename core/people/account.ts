import * as z from 'zod/mini';

/** Somebody as a source of tickets knows them, by what never changes there: GitHub's number, Jira's account id, Slack's `team/user`. */
export const Account = z.object({
  at: z.enum(['github', 'jira', 'slack']),
  id: z.string().check(z.regex(/^[\w:./-]{1,128}$/)),
});
export type Account = z.infer<typeof Account>;

/**
 * An account that an admin said is a person's, and what it was said by. It decides nothing and opens nothing: it takes
 * away the right to approve what one has asked for oneself.
 */
export const Identity = z.extend(Account, {
  org: z.string(),
  person: z.string(),
  evidence: z.object({
    /** The ticket that the account reported, where it was said of a ticket. */
    ticketId: z.optional(z.string()),
    /** What the source calls the account. */
    name: z.optional(z.string()),
    /** Id of the admin who said so. */
    by: z.string(),
    at: z.iso.datetime(),
  }),
});
export type Identity = z.infer<typeof Identity>;

export interface Identities {
  /** By what was said, and for Slack by who signed in there. */
  personOf(org: string, account: Account): Promise<string | undefined>;
  list(org: string): Promise<Identity[]>;
  /** Throws `Conflict` when the account is somebody else's here. */
  link(identity: Identity): Promise<void>;
  /** Throws `NotFound` when the account is not that person's. */
  unlink(org: string, person: string, account: Account): Promise<void>;
}
