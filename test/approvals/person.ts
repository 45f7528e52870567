import { dynamoPasskeys } from '#adapters/dynamodb/passkeys.ts';
import { approvalCodes, approvalTokens } from '#adapters/links.ts';
import { jwtSessions } from '#adapters/session.ts';
import type { Approval, Verdict } from '#core/approvals/approval.ts';
import type { Clock } from '#core/ports.ts';
import { approvalDecision } from '#functions/http/approval-decision.ts';
import { approvalPages } from '#functions/http/approval-page.ts';
import { begunCookie, passkeyRoutes } from '#functions/http/passkeys.ts';
import { principals } from '#functions/principal.ts';
import { approvals, asking, links, ORG, SECRET, URL_ } from '../support/approvals.ts';
import { type Answer, jar, type Sent, send } from '../support/request.ts';
import { invocation } from './fates.ts';
import { notices, people } from './stage.ts';

/** What a browser adds when a person presses a button on our page. */
export const PRESSED = {
  'content-type': 'application/x-www-form-urlencoded',
  origin: URL_,
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
};

/** Somebody with the link and the code of a mail, who tries again when there is no answer. */
export async function person(clock: Clock, approval: Approval, approver: string) {
  const needs = routes(clock);
  const { token, code } = await mailed(clock, approval, approver);
  const { id } = approval;
  const path = `/a/${id}`;

  function get(sent: Partial<Sent>): Promise<Answer> {
    return invocation(`${approver} looks`, () => send(needs.pages, { path, id, ...sent }));
  }

  /** Opens the link and presses; answers nothing when it was not answered. */
  async function attempt(decision: Verdict, who: string): Promise<Answer | undefined> {
    const arrived = await get({ query: { t: token } });
    const cookies = jar(arrived);
    const page = await get({ cookies });
    if (arrived.statusCode !== 303 || page.statusCode !== 200) return undefined;
    const form = /name="form" value="([^"]+)"/.exec(page.body)?.[1];
    if (!form) return page;
    const body = new URLSearchParams({ form, code, decision, reason: 'because' }).toString();
    const sent = { method: 'POST', path: `${path}/decision`, id, cookies, headers: PRESSED, body };
    const answer = await invocation(who, () => send(needs.decision, sent));
    return answer.statusCode >= 500 ? undefined : answer;
  }

  return {
    /** Presses until it is answered: with a receipt, a refusal, or the page of what was decided already. */
    async decide(decision: Verdict, who = `${approver} decides`): Promise<Answer> {
      for (let tries = 0; tries < 10; tries += 1) {
        const answer = await attempt(decision, who);
        if (answer) return answer;
      }
      throw new Error('Nobody answers');
    },
    attempt,
  };
}

/** The page and its form, for a product that people reach at `publicUrl`. */
export function routes(clock: Clock, publicUrl = URL_) {
  const tokens = approvalTokens(SECRET, clock);
  const sessions = jwtSessions(SECRET, clock);
  const principalOf = principals({ people, sessions, clock, publicUrl });
  const passkeys = dynamoPasskeys('People');
  const needs = { approvals, links, notices, people, principalOf, passkeys, tokens, clock, publicUrl };
  return {
    pages: approvalPages(needs),
    passkeys: passkeyRoutes({ ...needs, begun: begunCookie(SECRET, clock) }),
    decision: approvalDecision({ ...asking(clock), ...needs, codes: approvalCodes(SECRET) }),
  };
}

/** A link as it is mailed, and the code beside it. */
export async function mailed(clock: Clock, approval: Approval, approver: string, round = 0) {
  const { id: approvalId, revision, payloadHash, requestedAt, expiresAt } = approval;
  const link = { org: ORG, approvalId, approver, revision, round, expiresAt };
  const { token, hash } = await approvalTokens(SECRET, clock).link({
    ...link,
    payloadHash,
    issuedAt: requestedAt,
  });
  await links.issue({ ...link, hash });
  return { token, code: approvalCodes(SECRET).codeFor(ORG, hash) };
}
