import type { Approval, Summary } from '#core/approvals/approval.ts';
import { fieldsOf } from '#core/approvals/fields.ts';
import { claimOf, measured, whyItWaits } from '#core/approvals/request.ts';
import { summarise } from '#core/approvals/summary.ts';
import { decidedBy } from '#core/approvals/view.ts';
import { duration } from '#core/duration.ts';
import { visible } from '#core/visible.ts';
import { type Html, html } from './html.ts';
import { page } from './page.ts';

/** What the names of form fields begin with that hold a changed value; a JSON pointer follows. */
export const CHANGE = 'change:';

/** What a page needs to be made: `form` is the single-use token, absent for whoever may only look. */
export interface Shown {
  approval: Approval;
  /** The canonical bytes themselves: shown whole, so that nothing approved is out of sight. */
  text: string;
  now: Date;
  form?: string | undefined;
  /** What the form asks for besides a press: the code from the mail, or a passkey, which has a page of its own. */
  asks: 'nothing' | 'code' | 'passkey';
  /** Why there are no buttons. */
  notice?: string | undefined;
}

/** The page that a link opens: facts typed by us first, then every byte, then the agent's words, then the buttons. */
export function approvalPage(shown: Shown): string {
  const { approval, text, notice } = shown;
  const summary = summarise(approval.type, text);
  const claim = claimOf(approval, summary);
  return page(
    summary.headline,
    html`<header><span>Signalbox · ${approval.org}</span><span>${approval.id.slice(-6)}</span></header>
<h1>${visible(summary.headline)}</h1>
<p class="lead">${visible(approval.requesterName ?? approval.requester)} asks to have this done. Nothing happens until you decide; no answer means no.</p>
${facts(shown, summary)}
<section><h2>If you approve</h2><ol>${summary.effects.map((effect) => html`<li>${visible(effect)}</li>`)}</ol></section>
${(summary.texts ?? []).map(({ name, text: long }) => html`<section><h2>${name}, as it will be</h2><pre>${visible(long)}</pre></section>`)}
${everything(shown)}
${claim ? html`<section class="claim"><h2>The agent says (not verified)</h2><pre>${visible(claim)}</pre></section>` : ''}
${notice ? html`<section><p class="state">${notice}</p></section>` : buttons(shown)}`,
  );
}

function facts({ approval, now }: Shown, summary: Summary): Html {
  const { expiresAt, approvers, quorum, votes } = approval;
  const until = new Date(expiresAt);
  const asked = approvers.map(({ email }) => email).join(', ');
  return html`<section><h2>The request</h2><dl>
${summary.facts.map(({ name, value }) => html`<dt>${name}</dt><dd>${visible(value)}</dd>`)}
${measured(approval).map(({ name, value }) => html`<dt>${name}</dt><dd>${visible(value)}</dd>`)}
<dt>Why it waits</dt><dd>${visible(whyItWaits(approval))}</dd>
<dt>Asked</dt><dd>${asked}${quorum > 1 ? html`; ${quorum} must agree, ${votes.length} so far` : ''}</dd>
<dt>Decide by</dt><dd>${stamp(expiresAt)}${now < until ? html` (in ${duration(now, until)})` : ' (over)'}</dd>
</dl></section>`;
}

function everything({ approval, text }: Shown): Html {
  return html`<section><h2>Everything you approve</h2>
<p class="hint">${Buffer.byteLength(text)} bytes, fingerprint ${approval.payloadHash}. Hidden characters are written out.</p>
<pre>${visible(text)}</pre></section>`;
}

function buttons({ approval, text, form, asks }: Shown): Html {
  const { id } = approval;
  if (asks === 'passkey')
    return html`<section><h2>Your decision</h2><p>This is of high risk: it takes your passkey.</p><p><a class="go" href="/a/${id}/step-up">Go on with your passkey</a></p></section>`;
  return html`<form method="post" action="/a/${id}/decision"><h2>Your decision</h2>
<button disabled hidden></button><input type="hidden" name="form" value="${form}">
${asks === 'code' ? html`<label for="code">Code from the mail (8 letters and digits)</label><input id="code" name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="12">` : ''}
${changeable(approval, text)}<label for="reason">Reason (required to decline)</label><textarea id="reason" name="reason" maxlength="2000"></textarea>
<div class="buttons"><button class="no" name="decision" value="decline">Decline</button><button class="go" name="decision" value="approve">Approve exactly this</button></div>
<p class="hint">This page is good for 15 minutes and one decision. Open the link in your mail again for a fresh one.</p></form>`;
}

/** Below the buttons' code and above the buttons: what may be changed, as it is. */
function changeable({ modifiable }: Approval, text: string): Html | string {
  const fields = fieldsOf(text, modifiable);
  if (fields.length === 0) return '';
  return html`<details><summary>Change it first</summary><p class="hint">A change that asks for less is your approval of it. Any other goes to the others who were asked. Texts as they are, anything else as JSON.</p>
${fields.map(
  ({
    path,
    value,
  }) => html`<label for="${CHANGE}${path}">${path}</label><textarea id="${CHANGE}${path}" name="${CHANGE}${path}">
${value}</textarea>`,
)}
<div class="buttons"><button name="decision" value="modify">Change and send</button></div></details>`;
}

/** The page after a decision, whoever made it. */
export function receiptPage(approval: Approval): string {
  const { status, decidedAt, decision, settledBy } = approval;
  const tone = status === 'APPROVED' ? 'approved' : 'declined';
  return page(
    `${status.toLowerCase()}: ${approval.headline}`,
    html`<header><span>Signalbox · ${approval.org}</span><span>${approval.id.slice(-6)}</span></header>
<h1>${visible(approval.headline)}</h1>
<section><p class="state ${tone}">${inWords(approval)}</p><dl>
${decidedAt ? html`<dt>When</dt><dd>${stamp(decidedAt)}</dd>` : ''}
${decision?.reason ? html`<dt>Reason</dt><dd>${visible(decision.reason)}</dd>` : ''}
${decision ? html`<dt>Decision</dt><dd>${decision.id}</dd>` : ''}
<dt>What</dt><dd>${approval.payloadHash}</dd>
${settledBy ? html`<dt>Ledger</dt><dd>entry ${settledBy.seq}, ${settledBy.hash}</dd>` : ''}
</dl></section>`,
  );
}

const NEXT: Record<string, string> = {
  change_code: 'The work goes on; you will be told when there is a pull request.',
  'policy.update': 'It holds in a moment.',
  'policy.unfreeze': 'It ends in a moment.',
};

function inWords(approval: Approval): string {
  const { status } = approval;
  if (status === 'APPROVED')
    return `Approved by ${decidedBy(approval)}. ${NEXT[approval.type] ?? 'It may be done once, exactly so.'}`;
  if (status === 'DECLINED') return `Declined by ${decidedBy(approval)}. Nothing will be done.`;
  if (status === 'EXPIRED') return 'Nobody decided in time. Nothing will be changed.';
  if (status === 'CANCELLED') return 'The run that asked has ended. Nothing will be changed.';
  if (status !== 'PENDING') return `It is ${status.toLowerCase().replaceAll('_', ' ')}.`;
  const { votes, quorum } = approval;
  if (votes.length > 0) return `${votes.length} of ${quorum} have agreed. It is decided once all have.`;
  return 'Nobody has decided yet.';
}

function stamp(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
