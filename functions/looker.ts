import type { ApprovalTokens, View } from '#adapters/links.ts';
import { APPROVAL_ID, type Approval, isOver } from '#core/approvals/approval.ts';
import { mayDecide } from '#core/approvals/decide.ts';
import type { StoredLink } from '#core/approvals/ports.ts';
import { Fault } from '#core/fault.ts';
import { placeFor } from '#core/people/delegation.ts';
import type { People } from '#core/people/ports.ts';
import type { Principal } from '#core/people/principal.ts';
import { LINK_COOKIE } from './approval-cookies.ts';
import type { Request } from './http.ts';
import type { PrincipalOf } from './principal.ts';

/** Whoever looks at an approval's page: by a link from a mail, by being signed in, or both. */
export interface Looker {
  org: string;
  /** The person that a decision would be counted for. */
  by: string;
  link?: View | undefined;
  session?: Extract<Principal, { via: 'session' }> | undefined;
}

interface Needs {
  tokens: Pick<ApprovalTokens, 'readView'>;
  principalOf: PrincipalOf;
}

/** Who looks; nothing for a stranger, and for a link of another request. A session outside the link's organization is none. */
export async function lookerOf(
  request: Request,
  { tokens, principalOf }: Needs,
): Promise<Looker | undefined> {
  const id = request.params.id ?? '';
  if (!APPROVAL_ID.test(id)) return undefined;
  const view = await tokens.readView(request.cookies[LINK_COOKIE] ?? '');
  const link = view?.approvalId === id ? view : undefined;
  const signedIn = await sessionOf(request, principalOf);
  const session = link && signedIn?.org !== link.org ? undefined : signedIn;
  if (!link && !session) return undefined;
  return { org: link?.org ?? session?.org ?? '', by: session?.id ?? link?.approver ?? '', link, session };
}

async function sessionOf(request: Request, principalOf: PrincipalOf): Promise<Looker['session']> {
  try {
    const principal = await principalOf(request);
    return principal.via === 'session' ? principal : undefined;
  } catch (error) {
    if (error instanceof Fault && NOBODY.includes(error.code)) return undefined;
    throw error;
  }
}

const NOBODY = ['Unauthorized', 'Forbidden'];

/** Whether the link was sent to somebody else than who is signed in: then neither of them decides. */
export function isSomebodyElses({ link, session }: Looker): boolean {
  return Boolean(link && session && link.approver !== session.id);
}

/** Whose place a person takes, if not their own. */
export async function placeOf(
  approval: Approval,
  person: string,
  { people, now }: { people: Pick<People, 'delegations'>; now: Date },
) {
  if (approval.approvers.some(({ id }) => id === person)) return undefined;
  return placeFor(approval, person, { delegations: await people.delegations(approval.org), now });
}

/** Why a looker gets no buttons, in words; nothing when they do. */
export function whyNot(
  approval: Approval,
  looker: Looker,
  { link, onBehalfOf, now }: { link?: StoredLink | undefined; onBehalfOf?: string | undefined; now: Date },
): string | undefined {
  if (isOver(approval, now)) return 'The time to decide is over. Nothing will be changed.';
  if (isSomebodyElses(looker)) return `${sentTo(approval, looker)} You are signed in as somebody else.`;
  if (!looker.session && link?.revokedAt) return 'This link was withdrawn. Use the newer mail, or sign in.';
  if (!looker.session && link?.revision !== approval.revision)
    return 'The request was changed since this link was sent. Use the newer mail.';
  if (mayDecide(approval, looker.by, onBehalfOf)) return undefined;
  if (approval.votes.some(({ by }) => by === looker.by))
    return `Your vote counts. ${approval.quorum - approval.votes.length} more needed.`;
  if (approval.conflicts.includes(looker.by))
    return 'You had a part in asking for this, so someone else must decide.';
  return 'You are not one of the people who may decide on this.';
}

function sentTo({ approvers }: Approval, { link }: Looker): string {
  const email = approvers.find(({ id }) => id === link?.approver)?.email ?? 'somebody else';
  return `This link was sent to ${email.replace(/^(.).*@/, '$1…@')}.`;
}
