import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { messagePage, pageHeaders } from '#adapters/html/page.ts';
import { type ApprovalTokens, approvalTokens, type Form, type View } from '#adapters/links.ts';
import { Verdict } from '#core/approvals/approval.ts';
import type { Vote } from '#core/approvals/decide.ts';
import type { Approvals } from '#core/approvals/ports.ts';
import type { Clock } from '#core/ports.ts';
import { LINK_COOKIE, NO_LINK_COOKIE, receiptCookie } from '../approval-cookies.ts';
import { decisionId, REFUSED } from '../decisions.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { isOwnForm } from '../own-form.ts';

export const Env = z.object({
  APPROVALS_TABLE: z.string(),
  APPROVAL_LINKS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  LINK_SECRET_ARN: z.string(),
  PUBLIC_URL: z.url(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  approvals: Pick<Approvals, 'decide'>;
  tokens: ApprovalTokens;
  clock: Clock;
  publicUrl: string;
}

const MAX_FORM = 64 * 1024;

const Fields = z.object({
  form: z.string(),
  decision: Verdict,
  reason: z.string().trim().max(2_000).default(''),
});
type Fields = z.infer<typeof Fields>;

/** POST /a/{id}/decision: what a person pressed on the page that their own link opened. */
export function approvalDecision(needs: Needs): Route {
  return async (request) => {
    if (!isForm(request) || !isOwnForm(request.headers, needs.publicUrl)) {
      return say(403, 'Not decided', 'A decision can only be made by pressing a button on our own page.');
    }
    const fields = Fields.safeParse(Object.fromEntries(new URLSearchParams(request.text)));
    const view = await needs.tokens.readView(request.cookies[LINK_COOKIE] ?? '');
    const form = await needs.tokens.readForm(fields.data?.form ?? '');
    if (!fields.success || !view || !form || !belong(request, view, form)) {
      return say(404, 'Not decided', 'This page is no longer good. Open the link in your mail again.');
    }
    if (fields.data.decision === 'decline' && !fields.data.reason) {
      return say(400, 'Not decided', 'To decline, say why: go back and write a reason.');
    }
    return decide({ view, form, fields: fields.data }, needs);
  };
}

function isForm({ headers, raw }: Request): boolean {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/x-www-form-urlencoded' && raw.length <= MAX_FORM;
}

function belong({ params }: Request, view: View, form: Form): boolean {
  return (
    params.id === view.approvalId &&
    form.approvalId === view.approvalId &&
    form.org === view.org &&
    form.linkHash === view.linkHash
  );
}

async function decide(
  { view, form, fields }: { view: View; form: Form; fields: Fields },
  { approvals, tokens, clock }: Needs,
): Promise<Reply> {
  const vote: Vote = {
    id: decisionId(),
    verdict: fields.decision,
    by: view.approver,
    channel: 'email',
    auth: 'link',
    reason: fields.reason,
    revision: form.revision,
    payloadHash: form.payloadHash,
    linkHash: view.linkHash,
    formHash: form.formHash,
  };
  const { refusal } = await approvals.decide(view.org, view.approvalId, vote, clock.now());
  if (refusal) return say(REFUSED[refusal.error], 'Not decided', `${refusal.message}.`);
  const receipt = await tokens.view(view, randomBytes(16).toString('base64url'));
  return {
    status: 303,
    headers: { ...pageHeaders(), location: `/a/${view.approvalId}/receipt` },
    cookies: [NO_LINK_COOKIE, receiptCookie(receipt)],
  };
}

function say(status: number, title: string, message: string): Reply {
  return { status, html: messagePage(title, message), headers: pageHeaders() };
}

export const handler = http(Env, async (env) =>
  approvalDecision({
    approvals: dynamoApprovals({
      approvals: env.APPROVALS_TABLE,
      links: env.APPROVAL_LINKS_TABLE,
      ledger: env.LEDGER_TABLE,
    }),
    tokens: approvalTokens(await secret(env.LINK_SECRET_ARN), clock),
    clock,
    publicUrl: env.PUBLIC_URL,
  }),
);
