import { html, nothing } from 'lit-html';
import type { ApprovalEntry } from '#core/approvals/view.ts';
import type { Desk } from '../desk.ts';
import { absolute, relative, words } from '../format.ts';
import { figuresView } from './figures.ts';

interface Shown extends Desk {
  onDays(days: number): void;
  onOlder(): void;
}

/** What waits for people, the most urgent first; how people and policy decide; what is over. */
export function approvalsView({ waiting, settled, cursor, figures, onDays, onOlder }: Shown) {
  return html`
    <h1>Approvals</h1>
    ${inbox(waiting)} ${figuresView(figures, onDays)}
    <section class="card" aria-label="Over">
      <h2>Over</h2>
      ${settled.length === 0 ? html`<p class="quiet">Nothing yet. What people decide, or let run out of time, stays here with who, when and why.</p>` : nothing}
      <ul class="rows">
        ${settled.map(over)}
      </ul>
      ${cursor ? html`<p><button class="plain" @click=${onOlder}>Show older ones</button></p>` : nothing}
    </section>
  `;
}

/** Requests that wait; an empty list says when there will be one. */
export function inbox(waiting: ApprovalEntry[]) {
  return html`<section class="card ${waiting.length > 0 ? 'waiting' : ''}" aria-label="Waiting for a decision">
    <h2>Waiting for a decision</h2>
    ${waiting.length === 0 ? html`<p class="quiet">Nothing. Whatever policy stops is asked here, and by mail or Slack; nothing happens before one of those who were asked decides, and no answer means no.</p>` : nothing}
    <ul class="rows">
      ${waiting.map(request)}
    </ul>
  </section>`;
}

function request(entry: ApprovalEntry) {
  const { id, headline, expiresAt, mayDecide, takesPasskey, why, requestedBy, requestedAt } = entry;
  return html`<li>
    <a class="title" href="/a/${id}">${headline}</a>
    <a class="button" href="/a/${id}" aria-label="${mayDecide ? 'Decide' : 'Look at'}: ${headline}">${mayDecide ? 'Decide' : 'Look'}</a>
    <span class="wide">${riskOf(entry)} <strong>due ${relative(expiresAt)}</strong> <span class="quiet">${absolute(expiresAt)}${takesPasskey ? '; takes a passkey' : ''}</span></span>
    <span class="wide quiet">${why}</span>
    <span class="wide quiet">${progress(entry)}. Requested by ${requestedBy} <span title=${absolute(requestedAt)}>${relative(requestedAt)}</span>; ${seen(entry)}.</span>
  </li>`;
}

const RISK = { low: '', medium: 'warn', high: 'bad' };

function riskOf({ risk }: ApprovalEntry) {
  return html`<span class="pill ${RISK[risk]}">${risk} risk</span>`;
}

function progress({ asked, quorum, votes }: ApprovalEntry): string {
  const names = votes.map(({ by }) => by).join(', ');
  const agreed = votes.length > 0 ? `; ${votes.length} of ${quorum} agree so far: ${names}` : '';
  return `Asked: ${asked.join(', ')}${quorum > 1 && !agreed ? `; ${quorum} must agree` : agreed}`;
}

function seen({ firstViewedAt }: ApprovalEntry): string {
  return firstViewedAt ? `first opened ${relative(firstViewedAt)}` : 'not opened yet';
}

const TONE: Partial<Record<ApprovalEntry['status'], string>> = {
  APPROVED: 'good',
  EXECUTED: 'good',
  EXECUTING: 'live',
  DECLINED: 'warn',
  DENIED_BY_POLICY: 'warn',
  EXEC_BLOCKED: 'bad',
  EXEC_FAILED: 'bad',
  EXEC_UNKNOWN: 'bad',
};

function over(entry: ApprovalEntry) {
  const { id, headline, status, decision, decidedAt = entry.requestedAt } = entry;
  const by = decision
    ? `${decision.verdict === 'approve' ? 'Approved' : 'Declined'} by ${decision.by}, ${decision.channel}`
    : 'Nobody decided';
  return html`<li>
    <a class="title" href="/a/${id}">${headline}</a>
    <span><span class="pill ${TONE[status] ?? ''}">${words(status.toLowerCase())}</span></span>
    <span class="wide quiet">${by}, <span title=${absolute(decidedAt)}>${relative(decidedAt)}</span>${decision?.reason ? `: ${decision.reason}` : ''}</span>
  </li>`;
}
