import type { Approval } from '#core/approvals/approval.ts';
import type { PlanPayload } from '#core/approvals/plan.ts';
import { decidedBy } from '#core/approvals/view.ts';
import { duration } from '#core/duration.ts';
import { dollars } from '#core/money.ts';
import { visible } from '#core/visible.ts';
import { type Html, html } from './html.ts';
import { page } from './page.ts';

/** What a page needs to be made: `form` is the single-use token, absent for whoever may only look. */
export interface Shown {
  approval: Approval;
  payload: PlanPayload;
  /** The canonical bytes themselves: shown whole, so that nothing approved is out of sight. */
  text: string;
  now: Date;
  form?: string | undefined;
  /** Why there are no buttons. */
  notice?: string | undefined;
}

/** The page that a link opens: facts typed by us first, then every byte, then the agent's words, then the buttons. */
export function approvalPage(shown: Shown): string {
  const { approval, payload, form, notice } = shown;
  return page(
    approval.headline,
    html`<header><span>Signalbox · ${approval.org}</span><span>${approval.id.slice(-6)}</span></header>
<h1>${visible(approval.headline)}</h1>
<p class="lead">The lead (an agent) asks to have this done. Nothing happens until you decide; no answer means no.</p>
${facts(shown)}
${whatWillHappen(payload)}
${claims(payload)}
${everything(shown)}
${form ? buttons(approval, form) : html`<section><p class="state">${notice ?? ''}</p></section>`}`,
  );
}

function facts({ approval, payload, now }: Shown): Html {
  const { ticket, repository, cost } = payload;
  const until = new Date(approval.expiresAt);
  return html`<section><h2>The request</h2><dl>
<dt>Ticket</dt><dd>${visible(ticket.externalId)} (${ticket.source}), ${visible(ticket.title)}</dd>
<dt>Reported by</dt><dd>${visible(ticket.reporter)}</dd>
<dt>Kind, priority</dt><dd>${ticket.type}, ${ticket.priority}</dd>
<dt>Repository</dt><dd>${repository.fullName}, from branch ${visible(repository.base)}</dd>
<dt>Cost</dt><dd>${dollars(cost.spentNanoUsd)} when asked; the run stops at ${dollars(cost.budgetNanoUsd)}</dd>
<dt>Why it waits</dt><dd>Rule ${approval.rule}: risk ${approval.risk}, one approver who did not ask for it</dd>
<dt>Asked</dt><dd>${approval.approvers.map(({ email }) => email).join(', ')}</dd>
<dt>Decide by</dt><dd>${stamp(approval.expiresAt)}${now < until ? html` (in ${duration(now, until)})` : ' (over)'}</dd>
</dl></section>`;
}

function whatWillHappen({ repository }: PlanPayload): Html {
  return html`<section><h2>If you approve</h2><ol>
<li>A code agent changes a clone of ${repository.fullName} on a branch of its own and runs the tests. Its tools hold no credentials.</li>
<li>The platform checks the change in a clean clone: tests red before and green after, nothing protected touched.</li>
<li>Only if that passes, the platform pushes the branch and opens a pull request against ${visible(repository.base)}. Merging stays with people.</li>
</ol></section>`;
}

function claims({ diagnosis }: PlanPayload): Html {
  return html`<section class="claim"><h2>The agent says (not verified)</h2>
<p>${visible(diagnosis.summary)}</p>
<p>Cause: ${diagnosis.rootCause}, ${Math.round(diagnosis.confidence * 100)} % sure by its own estimate.</p>
${diagnosis.plan.length > 0 ? html`<h2>Its plan</h2><ol>${items(diagnosis.plan)}</ol>` : ''}
${diagnosis.files.length > 0 ? html`<h2>Files it names</h2><ul>${items(diagnosis.files)}</ul>` : ''}
${diagnosis.evidence.length > 0 ? html`<h2>What it looked at</h2><ul>${diagnosis.evidence.map(evidence)}</ul>` : ''}
</section>`;
}

function evidence({ id, what, excerpt }: PlanPayload['diagnosis']['evidence'][number]): Html {
  return html`<li>${visible(what)} <small>(${visible(id)})</small><pre>${visible(excerpt)}</pre></li>`;
}

function items(texts: readonly string[]): Html[] {
  return texts.map((text) => html`<li>${visible(text)}</li>`);
}

function everything({ approval, payload, text }: Shown): Html {
  return html`<section><h2>Everything you approve</h2>
<p class="hint">The ticket's text, then the exact request: ${Buffer.byteLength(text)} bytes, fingerprint ${approval.payloadHash}. Hidden characters are written out.</p>
<h2>Ticket text</h2><pre>${visible(payload.ticket.body) || '(empty)'}</pre>
<h2>Exact request</h2><pre>${visible(text)}</pre></section>`;
}

function buttons({ id }: Approval, form: string): Html {
  return html`<form method="post" action="/a/${id}/decision"><h2>Your decision</h2>
<button disabled hidden></button><input type="hidden" name="form" value="${form}">
<label for="reason">Reason (required to decline)</label><textarea id="reason" name="reason" maxlength="2000"></textarea>
<div class="buttons"><button class="no" name="decision" value="decline">Decline</button><button class="go" name="decision" value="approve">Approve exactly this</button></div>
<p class="hint">This page is good for 15 minutes and one decision. Open the link in your mail again for a fresh one.</p></form>`;
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

function inWords(approval: Approval): string {
  const { status } = approval;
  if (status === 'APPROVED')
    return `Approved by ${decidedBy(approval)}. The work goes on; you will be told when there is a pull request.`;
  if (status === 'DECLINED') return `Declined by ${decidedBy(approval)}. Nothing will be changed.`;
  if (status === 'EXPIRED') return 'Nobody decided in time. Nothing will be changed.';
  if (status === 'CANCELLED') return 'The run that asked has ended. Nothing will be changed.';
  return 'Nobody has decided yet.';
}

function stamp(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
