import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoLinks } from '#adapters/dynamodb/approval-links.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { approvalPage, receiptPage } from '#adapters/html/approval-page.ts';
import { messagePage, pageHeaders } from '#adapters/html/page.ts';
import { type ApprovalTokens, approvalTokens } from '#adapters/links.ts';
import type { Approval } from '#core/approvals/approval.ts';
import type { Approvals, Links, StoredLink } from '#core/approvals/ports.ts';
import { hashOf } from '#core/canonical.ts';
import type { People } from '#core/people/ports.ts';
import type { Clock } from '#core/ports.ts';
import { LINK_COOKIE, linkCookie, RECEIPT_COOKIE } from '../approval-cookies.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { type Looker, lookerOf, placeOf, whyNot } from '../looker.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({
  APPROVALS_TABLE: z.string(),
  APPROVAL_LINKS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  LINK_SECRET_ARN: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  approvals: Pick<Approvals, 'find' | 'payload'>;
  links: Pick<Links, 'find' | 'open'>;
  tokens: ApprovalTokens;
  principalOf: PrincipalOf;
  people: Pick<People, 'delegations'>;
  clock: Clock;
}

/** GET /a/{id} and /a/{id}/receipt: shows, never decides. What it may write at most is that a link was opened. */
export function approvalPages(needs: Needs): Route {
  return async (request) => {
    if (request.event.requestContext.http.method !== 'GET') return unknown();
    if (request.event.rawPath.endsWith('/receipt')) return receipt(request, needs);
    return request.query.t === undefined ? look(request, needs) : arrive(request.query.t, request, needs);
  };
}

/** The link as it was mailed: its token is swapped for a cookie, so that no URL that stays in a browser holds it. */
async function arrive(given: string, { params }: Request, { tokens, links, clock }: Needs): Promise<Reply> {
  const view = await tokens.readLink(untangled(given));
  if (!view || view.approvalId !== params.id) return unknown();
  await links.open(view.org, view.linkHash, clock.now().toISOString());
  const cookie = await tokens.view(view, randomBytes(16).toString('base64url'));
  return {
    status: 303,
    headers: { ...pageHeaders(), location: `/a/${view.approvalId}`, 'referrer-policy': 'no-referrer' },
    cookies: [linkCookie(cookie)],
  };
}

/** Mail programs and scanners add to the end of URLs; a token's alphabet says where it ends. */
function untangled(token: string): string {
  return /^\s*([\w.-]+)/.exec(token)?.[1] ?? '';
}

async function look(request: Request, needs: Needs): Promise<Reply> {
  const looker = await lookerOf(request, needs);
  const approval = looker && (await needs.approvals.find(looker.org, request.params.id ?? ''));
  const link = looker?.link && (await needs.links.find(looker.org, looker.link.linkHash));
  if (!approval || !looker || (looker.link && !link)) return unknown();
  if (approval.status !== 'PENDING') return shown(receiptPage(approval));
  return question(approval, { looker, link }, needs);
}

async function question(
  approval: Approval,
  { looker, link }: { looker: Looker; link: StoredLink | undefined },
  { approvals, people, tokens, clock }: Needs,
): Promise<Reply> {
  const text = await approvals.payload(approval.org, approval.id, approval.revision);
  if (!text || hashOf(text) !== approval.payloadHash) return shown(DAMAGED, 500);
  const now = clock.now();
  const place = looker.session && (await placeOf(approval, looker.by, { people, now }));
  const notice = whyNot(approval, looker, { link, onBehalfOf: place?.onBehalfOf, now });
  const { org, id: approvalId, revision, payloadHash } = approval;
  const form = { org, approvalId, by: looker.by, linkHash: looker.link?.linkHash, revision, payloadHash };
  const token = notice ? undefined : await tokens.form(form, randomBytes(16).toString('base64url'));
  const asks = approval.auths.includes('session') ? (looker.session ? 'nothing' : 'code') : 'passkey';
  return shown(approvalPage({ approval, text, now, form: token, asks, notice }));
}

const DAMAGED = messagePage(
  'This request is damaged',
  'Its stored text does not match its fingerprint. Nobody can decide on it; tell an admin.',
);

async function receipt(request: Request, needs: Needs): Promise<Reply> {
  const { tokens, approvals } = needs;
  const cookies = [request.cookies[RECEIPT_COOKIE], request.cookies[LINK_COOKIE]];
  for (const cookie of cookies) {
    const view = await tokens.readView(cookie ?? '');
    if (view?.approvalId !== request.params.id) continue;
    const approval = view && (await approvals.find(view.org, view.approvalId));
    if (approval) return shown(receiptPage(approval));
  }
  return look(request, needs);
}

function shown(html: string, status = 200): Reply {
  return { status, html, headers: pageHeaders() };
}

/** The same answer whether the request never existed, is another's, or the link is forged, old or spent. */
function unknown(): Reply {
  const message =
    'This link is not valid, or it was opened more than 15 minutes ago. Open the link in your mail again, or sign in.';
  return shown(messagePage('Nothing to see here', message), 404);
}

export const handler = http(Env, async (env) =>
  approvalPages({
    approvals: dynamoApprovals({ approvals: env.APPROVALS_TABLE, ledger: env.LEDGER_TABLE }),
    links: dynamoLinks(env.APPROVAL_LINKS_TABLE),
    tokens: approvalTokens(await secret(env.LINK_SECRET_ARN), clock),
    principalOf: await principalsFrom(env),
    people: dynamoPeople(env.PEOPLE_TABLE),
    clock,
  }),
);
