import type { ApprovalCodes, View } from '#adapters/links.ts';
import { rejected } from '#core/approvals/decide.ts';
import { type Approvals, CODE_TRIES, type Links } from '#core/approvals/ports.ts';
import { replaceLink } from '#core/approvals/request.ts';
import type { Clock, Notices } from '#core/ports.ts';
import type { Looker } from './looker.ts';

export interface CodeNeeds {
  approvals: Pick<Approvals, 'find' | 'payload' | 'take'>;
  links: Pick<Links, 'attempt' | 'find' | 'revoke'>;
  notices: Notices;
  codes: ApprovalCodes;
  clock: Clock;
}

/** Why a code does not show who somebody is, with the status to answer; nothing when it does, or when they are signed in. */
export async function codeProblem(
  { org, link, session }: Looker,
  typed: string,
  needs: CodeNeeds,
): Promise<{ status: number; message: string } | undefined> {
  if (session || !link) return undefined;
  if (!typed.trim()) return { status: 400, message: 'Type the code from the mail: go back and fill it in.' };
  const left = await needs.links.attempt(org, link.linkHash);
  if (left !== undefined && needs.codes.isRight(typed, org, link.linkHash)) return undefined;
  if (left)
    return {
      status: 403,
      message: `This is not the code from the mail. ${left} ${left === 1 ? 'try' : 'tries'} left.`,
    };
  const stored = await needs.links.find(org, link.linkHash);
  if (stored?.revokedAt && (stored.tries ?? 0) < CODE_TRIES)
    return {
      status: 409,
      message: `This link was withdrawn on ${stored.revokedAt}. Use the newer mail, or sign in.`,
    };
  await lock(org, link, needs);
  return { status: 403, message: LOCKED };
}

const LOCKED = 'Too many wrong codes: this link is locked. A mail with a new link is on its way, or sign in.';

async function lock(org: string, link: View, needs: CodeNeeds): Promise<void> {
  await needs.links.revoke(org, link.linkHash, needs.clock.now().toISOString());
  await reject({ org, id: link.approvalId, by: link.approver, why: 'wrong_code' }, needs);
  const stored = await needs.links.find(org, link.linkHash);
  const approval = await needs.approvals.find(org, link.approvalId);
  const payload = approval && (await needs.approvals.payload(org, approval.id, approval.revision));
  const notice = stored && payload && replaceLink(approval, stored, payload);
  if (notice) await needs.notices.post(notice);
}

/** Says in the ledger that somebody tried, once for each person and reason. */
export async function reject(
  { org, id, by, why }: { org: string; id: string; by: string; why: string },
  { approvals, clock }: Pick<CodeNeeds, 'approvals' | 'clock'>,
): Promise<void> {
  const approval = await approvals.find(org, id);
  const step = approval && rejected(approval, { by, why }, clock.now().toISOString());
  if (approval && step) await approvals.take(approval, step);
}
