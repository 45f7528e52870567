import * as z from 'zod';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { type SignInCodes, signInCodes } from '#adapters/codes.ts';
import { dynamoLinks } from '#adapters/dynamodb/approval-links.ts';
import { dynamoNotices, type SentNotices } from '#adapters/dynamodb/notices.ts';
import { type Extra, type Mail, render } from '#adapters/email/render.ts';
import { sesMail } from '#adapters/email/send.ts';
import { type ApprovalCodes, type ApprovalTokens, approvalCodes, approvalTokens } from '#adapters/links.ts';
import type { Links } from '#core/approvals/ports.ts';
import { type Notice, ToSend } from '#core/notice.ts';
import { parseJson } from '#core/parse.ts';
import type { Clock } from '#core/ports.ts';
import { queue } from '../queue.ts';

export const Env = z.object({
  NOTICES_TABLE: z.string(),
  APPROVAL_LINKS_TABLE: z.string(),
  LINK_SECRET_ARN: z.string(),
  PUBLIC_URL: z.url(),
  MAIL_FROM: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  notices: SentNotices;
  links: Links;
  tokens: ApprovalTokens;
  codes: SignInCodes;
  approvalCodes: ApprovalCodes;
  send(to: string, mail: Mail): Promise<void>;
  clock: Clock;
  publicUrl: string;
}

/**
 * Sends one notice to one person. At least once: it is marked after the mail left, so a crash between the two sends the
 * same mail, with the same link or code, again.
 */
export function sending(needs: Needs) {
  return async ({ body }: { body: string }) => {
    const { org, id, to } = parseJson(ToSend, body);
    const found = await needs.notices.find(org, id);
    if (!found || found.sentTo(to)) return;
    const now = needs.clock.now();
    if (isStale(found.notice, now)) return;
    await needs.send(to, render(found.notice, await minted(found.notice, needs)));
    await needs.notices.markSent(org, id, { to, at: now.toISOString() });
  };
}

/** A link or a code that is no good any more is not worth a mail. */
function isStale({ minted }: Notice, now: Date): boolean {
  return minted !== undefined && now >= new Date(minted.expiresAt);
}

async function minted(notice: Notice, needs: Needs): Promise<Extra> {
  const given = notice.minted;
  if (!given) return undefined;
  if (given.kind === 'sign_in_code') {
    const [to = ''] = notice.to;
    return { code: needs.codes.codeFor(to, given.requestId), until: `${given.expiresAt.slice(11, 16)} UTC` };
  }
  const { approvalId, approver, revision, round, expiresAt } = given;
  const link = { ...given, org: notice.org, issuedAt: notice.at };
  const { token, hash } = await needs.tokens.link(link);
  await needs.links.issue({ org: notice.org, hash, approvalId, revision, approver, round, expiresAt });
  return {
    label: 'Look at it and decide',
    url: `${needs.publicUrl}/a/${approvalId}?t=${token}`,
    code: needs.approvalCodes.codeFor(notice.org, hash),
    until: `${expiresAt.slice(0, 16).replace('T', ' ')} UTC`,
  };
}

export const handler = queue(Env, async (env) => {
  const secretText = await secret(env.LINK_SECRET_ARN);
  return sending({
    notices: dynamoNotices(env.NOTICES_TABLE),
    links: dynamoLinks(env.APPROVAL_LINKS_TABLE),
    tokens: approvalTokens(secretText, clock),
    codes: signInCodes(secretText),
    approvalCodes: approvalCodes(secretText),
    send: sesMail(env.MAIL_FROM),
    clock,
    publicUrl: env.PUBLIC_URL.replace(/\/$/, ''),
  });
});
