import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { secret } from '#adapters/aws/secrets.ts';
import { dynamoLinks } from '#adapters/dynamodb/approval-links.ts';
import { dynamoPasskeys } from '#adapters/dynamodb/passkeys.ts';
import { CHANGE } from '#adapters/html/approval-page.ts';
import { messagePage, pageHeaders } from '#adapters/html/page.ts';
import { type ApprovalTokens, approvalCodes, approvalTokens, type Form } from '#adapters/links.ts';
import { Verdict } from '#core/approvals/approval.ts';
import type { AskNeeds } from '#core/approvals/ask.ts';
import type { Vote } from '#core/approvals/decide.ts';
import { changesOf } from '#core/approvals/fields.ts';
import { modification } from '#core/approvals/modify.ts';
import type { Change } from '#core/approvals/ports.ts';
import { castVote } from '#core/approvals/stands.ts';
import { Fault } from '#core/fault.ts';
import type { Passkeys } from '#core/people/passkey.ts';
import { NO_LINK_COOKIE, receiptCookie } from '../approval-cookies.ts';
import { AskEnv, askingFrom } from '../asking.ts';
import { type CodeNeeds, codeProblem, reject } from '../code-proof.ts';
import { decisionId, REFUSED } from '../decisions.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { isSomebodyElses, type Looker, lookerOf, placeOf } from '../looker.ts';
import { isOwnForm } from '../own-form.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';
import { signedDecision } from '../signed-decision.ts';

export const Env = PrincipalEnv.extend({
  ...AskEnv.shape,
  APPROVAL_LINKS_TABLE: z.string(),
  LINK_SECRET_ARN: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs extends AskNeeds, Pick<CodeNeeds, 'links' | 'codes'> {
  passkeys: Passkeys;
  principalOf: PrincipalOf;
  tokens: ApprovalTokens;
  publicUrl: string;
}

const MAX_FORM = 64 * 1024;

const Fields = z.object({
  form: z.string(),
  decision: z.enum([...Verdict.options, 'modify']),
  code: z.string().max(40).default(''),
  reason: z.string().trim().max(2_000).default(''),
  /** What the passkey signed, as the browser gives it. */
  assertion: z.string().max(8_000).optional(),
});

interface Pressed {
  looker: Looker;
  form: Form;
  fields: z.infer<typeof Fields>;
  /** What was typed into the fields of what may be changed, by JSON pointer. */
  typed: Record<string, string>;
}

/** POST /a/{id}/decision: what a person pressed on our page, who has the code from the link's mail or is signed in. */
export function approvalDecision(needs: Needs): Route {
  return async (request) => {
    const byScript = new URLSearchParams(request.text).get('assertion') !== null;
    if (!isForm(request) || !isOwnForm(request.headers, needs.publicUrl, { byScript })) {
      return say(403, 'A decision can only be made by pressing a button on our own page.');
    }
    const looker = await lookerOf(request, needs);
    return looker ? decideAs(looker, request, needs) : stale();
  };
}

async function decideAs(looker: Looker, request: Request, needs: Needs): Promise<Reply> {
  if (isSomebodyElses(looker)) return refuseSomebodyElse(request, looker, needs);
  const pressed = await pressedBy(looker, request, needs);
  if (!pressed) return stale();
  if (pressed.fields.decision === 'decline' && !pressed.fields.reason) {
    return say(400, 'To decline, say why: go back and write a reason.');
  }
  if (pressed.fields.assertion !== undefined) return decideByPasskey(pressed, needs);
  const problem = await codeProblem(pressed.looker, pressed.fields.code, needs);
  return problem ? say(problem.status, problem.message) : decide(pressed, proofOf(looker), needs);
}

function proofOf({ session }: Looker): Proof {
  return session ? { channel: 'web', auth: 'session' } : { channel: 'email', auth: 'code' };
}

/** The passkey's signature is the proof: whoever holds it is the person, whether they came by link or are signed in. */
async function decideByPasskey(pressed: Pressed, needs: Needs): Promise<Reply> {
  const { looker, form, fields } = pressed;
  if (fields.decision === 'modify')
    return say(400, 'A request of high risk is approved or declined as it is.');
  const signed = await signedDecision(
    { ...form, id: form.approvalId, verdict: fields.decision },
    fields.assertion ?? '',
    needs,
  );
  if (!signed) {
    await reject({ org: looker.org, id: form.approvalId, by: looker.by, why: 'wrong_passkey' }, needs);
    return say(403, 'This is not the passkey of whoever was asked. Go back and use your own.');
  }
  const channel = looker.session ? 'web' : 'email';
  return decide(pressed, { channel, auth: 'passkey', assertion: signed }, needs);
}

function stale(): Reply {
  return say(404, 'This page is no longer good. Open the link in your mail again, or sign in.');
}

async function pressedBy(looker: Looker, request: Request, { tokens }: Needs): Promise<Pressed | undefined> {
  const sent = Object.fromEntries(new URLSearchParams(request.text));
  const fields = Fields.safeParse(sent);
  const form = await tokens.readForm(fields.data?.form ?? '');
  return fields.success && form && belong(request, looker, form)
    ? { looker, form, fields: fields.data, typed: typedIn(sent) }
    : undefined;
}

function typedIn(sent: Record<string, string>): Record<string, string> {
  const typed = Object.entries(sent).filter(([name]) => name.startsWith(CHANGE));
  return Object.fromEntries(typed.map(([name, value]) => [name.slice(CHANGE.length), value]));
}

function isForm({ headers, raw }: Request): boolean {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/x-www-form-urlencoded' && raw.length <= MAX_FORM;
}

function belong({ params }: Request, { org, by, link }: Looker, form: Form): boolean {
  return (
    params.id === form.approvalId && form.org === org && form.by === by && form.linkHash === link?.linkHash
  );
}

async function refuseSomebodyElse({ params }: Request, { org, by }: Looker, needs: Needs): Promise<Reply> {
  await reject({ org, id: params.id ?? '', by, why: 'wrong_approver' }, needs);
  return say(
    403,
    'This link was sent to somebody else. Open the request from your own mail or the dashboard.',
  );
}

type Proof = Pick<Vote, 'channel' | 'auth' | 'assertion'>;

async function decide({ looker, form, fields, typed }: Pressed, proof: Proof, needs: Needs): Promise<Reply> {
  const { org, by, link } = looker;
  const now = needs.clock.now();
  const approval = await needs.approvals.find(org, form.approvalId);
  const place = approval && (await placeOf(approval, by, { people: needs.people, now }));
  const vote: Vote = {
    id: decisionId(),
    verdict: fields.decision === 'decline' ? 'decline' : 'approve',
    by,
    ...place,
    ...proof,
    reason: fields.reason,
    revision: form.revision,
    payloadHash: form.payloadHash,
    linkHash: link?.linkHash,
    formHash: form.formHash,
    // The passkey's page is not where a person reads.
    ...(proof.auth !== 'passkey' && { shownAt: form.shownAt }),
  };
  const change = fields.decision === 'modify' ? changeBy(typed, vote, needs) : undefined;
  const outcome = await castVote({ org, id: form.approvalId, vote, change }, needs).catch(inWords);
  if ('status' in outcome) return outcome;
  const { refusal } = outcome;
  if (refusal) return say(REFUSED[refusal.error], `${refusal.message}.`);
  const view = { org, approvalId: form.approvalId, approver: by, linkHash: link?.linkHash ?? '' };
  const receipt = await needs.tokens.view(view, randomBytes(16).toString('base64url'));
  return {
    status: 303,
    headers: { ...pageHeaders(), location: `/a/${form.approvalId}/receipt` },
    cookies: [NO_LINK_COOKIE, receiptCookie(receipt)],
  };
}

/** The request as typed: only fields whose words are not those of the stored request are changes. */
function changeBy(typed: Record<string, string>, vote: Vote, needs: Needs): Change {
  return async (approval) => {
    const payload = JSON.parse(
      (await needs.approvals.payload(approval.org, approval.id, approval.revision)) ?? '{}',
    );
    return modification(approval, { vote, changes: changesOf(payload, typed) }, needs);
  };
}

/** A change that cannot be made is said on a page; anything else is a fault like any other. */
function inWords(error: unknown): Reply {
  if (!(error instanceof Fault) || !['Invalid', 'Forbidden', 'Conflict'].includes(error.code)) throw error;
  return say(error.code === 'Conflict' ? 409 : 400, `${error.message}. Go back and change it.`);
}

function say(status: number, message: string): Reply {
  return { status, html: messagePage('Not decided', message), headers: pageHeaders() };
}

export const handler = http(Env, async (env) => {
  const secretText = await secret(env.LINK_SECRET_ARN);
  const asking = askingFrom(env, { links: env.APPROVAL_LINKS_TABLE });
  return approvalDecision({
    ...asking,
    links: dynamoLinks(env.APPROVAL_LINKS_TABLE),
    passkeys: dynamoPasskeys(env.PEOPLE_TABLE),
    principalOf: await principalsFrom(env),
    tokens: approvalTokens(secretText, asking.clock),
    codes: approvalCodes(secretText),
    publicUrl: env.PUBLIC_URL,
  });
});
