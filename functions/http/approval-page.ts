import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoLinks } from '#adapters/dynamodb/approval-links.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoPasskeys } from '#adapters/dynamodb/passkeys.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { approvalPage, receiptPage } from '#adapters/html/approval-page.ts';
import { messagePage, pageHeaders } from '#adapters/html/page.ts';
import { passkeyHeaders, stepUpPage } from '#adapters/html/passkey-pages.ts';
import { type ApprovalTokens, approvalTokens } from '#adapters/links.ts';
import type { Approval, Verdict } from '#core/approvals/approval.ts';
import { challengeOf } from '#core/approvals/challenge.ts';
import type { Approvals, Links, StoredLink } from '#core/approvals/ports.ts';
import { hashOf } from '#core/canonical.ts';
import type { Passkeys } from '#core/people/passkey.ts';
import type { People } from '#core/people/ports.ts';
import type { Clock } from '#core/ports.ts';
import { LINK_COOKIE, linkCookie, RECEIPT_COOKIE } from '../approval-cookies.ts';
import { assertionOptions } from '../assertion-options.ts';
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
  links: Pick<Links, 'find' | 'open' | 'look'>;
  tokens: ApprovalTokens;
  principalOf: PrincipalOf;
  people: Pick<People, 'delegations'>;
  passkeys: Pick<Passkeys, 'of'>;
  clock: Clock;
  publicUrl: string;
}

/** GET /a/{id}, /a/{id}/step-up and /a/{id}/receipt: shows, never decides. What it may write at most is that somebody opened it. */
export function approvalPages(needs: Needs): Route {
  return async (request) => {
    if (request.event.requestContext.http.method !== 'GET') return unknown();
    const { rawPath } = request.event;
    if (rawPath.endsWith('/receipt')) return receipt(request, needs);
    if (rawPath.endsWith('/step-up')) return stepUp(request, needs);
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
  needs: Needs,
): Promise<Reply> {
  const { approvals, people, clock } = needs;
  const text = await approvals.payload(approval.org, approval.id, approval.revision);
  if (!text || hashOf(text) !== approval.payloadHash) return shown(DAMAGED, 500);
  const now = clock.now();
  const place = await placeOf(approval, looker.by, { people, now });
  const notice = whyNot(approval, looker, { link, onBehalfOf: place?.onBehalfOf, now });
  const token = notice ? undefined : await formFor(approval, looker, needs);
  if (token && !looker.link) await needs.links.look({ ...viewOf(approval, looker), at: now.toISOString() });
  const asks = approval.auths.includes('session') ? (looker.session ? 'nothing' : 'code') : 'passkey';
  return shown(approvalPage({ approval, text, now, form: token, asks, notice }));
}

function viewOf({ org, id: approvalId }: Approval, { by: approver }: Looker) {
  return { org, approvalId, approver };
}

/** The page with the passkey's script, for whoever may decide; nothing of the payload is on it. */
async function stepUp(request: Request, needs: Needs): Promise<Reply> {
  const looker = await lookerOf(request, needs);
  const approval = looker && (await needs.approvals.find(looker.org, request.params.id ?? ''));
  const link = looker?.link && (await needs.links.find(looker.org, looker.link.linkHash));
  if (!approval || !looker || (looker.link && !link)) return unknown();
  const now = needs.clock.now();
  const notice = approval.status === 'PENDING' ? whyNot(approval, looker, { link, now }) : 'It is decided.';
  if (notice) return shown(messagePage('Nothing to decide here', notice), 409);
  const passkeys = await needs.passkeys.of(looker.org, looker.by);
  if (passkeys.length === 0) return shown(messagePage('You have no passkey yet', ADD_ONE), 409);
  const token = await formFor(approval, looker, needs);
  const nonce = (await needs.tokens.readForm(token))?.formHash ?? '';
  const ask = (verdict: Verdict) =>
    assertionOptions(passkeys, {
      challenge: challengeOf(approval, { verdict, nonce }),
      publicUrl: needs.publicUrl,
    });
  const html = stepUpPage({
    approval,
    form: token,
    ask: { approve: ask('approve'), decline: ask('decline') },
  });
  return { status: 200, html, headers: passkeyHeaders() };
}

const ADD_ONE =
  'Requests of high risk are decided with a passkey. Sign in at /, add one at /auth/passkeys, then open this page again.';

async function formFor(
  { org, id: approvalId, revision, payloadHash }: Approval,
  { by, link }: Looker,
  { tokens }: Needs,
): Promise<string> {
  const form = { org, approvalId, by, linkHash: link?.linkHash, revision, payloadHash };
  return tokens.form(form, randomBytes(16).toString('base64url'));
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
    passkeys: dynamoPasskeys(env.PEOPLE_TABLE),
    clock,
    publicUrl: env.PUBLIC_URL,
  }),
);
