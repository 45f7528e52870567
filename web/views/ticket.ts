import { html, nothing } from 'lit-html';
import type { CostRow, Run, RunLine, Verification } from '#core/runs/run.ts';
import type { Answer } from '#core/tickets/answer.ts';
import type { Diagnosis, Ticket } from '#core/tickets/ticket.ts';
import type { TicketDetail } from '../api.ts';
import { absolute, money, relative, words } from '../format.ts';
import { left, type Saved } from './left.ts';
import { again, ending, type Steering } from './queue.ts';
import { pill, track } from './status.ts';
import { steering, type Wish } from './steering.ts';
import { alike, type Correction, understood } from './triage.ts';

/** Ends without a change: a line of finished stages would say too much. */
const GAVE_UP = ['escalated', 'failed', 'declined', 'cancelled'];

interface Beside {
  lines: RunLine[];
  mayLead: boolean;
  onWish(wish: Wish, text?: string): void;
  onSave(what: Saved): void;
  onCorrect(correction: Correction): void;
  onMerge(into: string): void;
  onSteer(ticketId: string, wish: Steering): void;
}

/** One ticket: where it stands, what was found, what was done, what it cost, line by line as it happens. */
export function ticketView(
  { ticket, runs, costs, similar, answers }: TicketDetail,
  { lines, mayLead, onWish, onSave, onCorrect, onMerge, onSteer }: Beside,
) {
  const run = runs.at(-1);
  const beside = { similar, mayLead, onCorrect, onMerge };
  return html`
    <p class="quiet"><a href="/">Tickets</a> / ${ticket.externalId}</p>
    <h1>${ticket.title}</h1>
    <p>${pill(ticket.status)} ${run && run.status === 'running' ? html`<span class="quiet" role="status">${run.doing}, ${run.percent} %</span>` : nothing} ${ending(ticket, { mayLead, onSteer })}</p>
    ${run && !GAVE_UP.includes(ticket.status) ? track(run) : nothing} ${ticket.reason ? html`<section class="card ${GAVE_UP.includes(ticket.status) ? 'waiting' : ''}"><h2>${GAVE_UP.includes(ticket.status) ? 'Why' : 'Outcome'}</h2><p>${ticket.reason}</p>${again(ticket, { mayLead, onSteer })}</section>` : nothing}
    <div class="two">
      <div>
        ${steering(run, mayLead, onWish)} ${left(run, mayLead, onSave)} ${pullRequest(ticket)} ${ticket.diagnosis ? diagnosis(ticket.diagnosis) : nothing}
        ${run?.verification ? verification(run.verification) : nothing} ${log(lines)}
      </div>
      <div>${facts(ticket, run)} ${answered(answers)} ${understood(ticket, beside)} ${alike(ticket, beside)} ${cost(costs, run)} ${request(ticket)}</div>
    </div>
  `;
}

function pullRequest({ pullRequest: link }: Ticket) {
  if (!link) return nothing;
  return html`<section class="card">
    <h2>Pull request</h2>
    <p><a class="button" href=${link.url}>${link.repository} #${link.number}</a></p>
    <p class="quiet">Branch ${link.branch} at ${link.headSha.slice(0, 9)}. Merging or closing it there closes the ticket here.</p>
  </section>`;
}

function diagnosis({ rootCause, confidence, summary, evidence, plan }: Diagnosis) {
  return html`<section class="card">
    <h2>Diagnosis</h2>
    <p>${summary}</p>
    <p class="quiet">Root cause: ${words(rootCause)}, confidence ${Math.round(confidence * 100)} %</p>
    ${plan.length > 0 ? html`<ol>${plan.map((step) => html`<li>${step}</li>`)}</ol>` : nothing}
    ${evidence.map(
      ({ id, what, excerpt }) => html`<details>
        <summary>${id}: ${what}</summary>
        <pre>${excerpt}</pre>
      </details>`,
    )}
  </section>`;
}

function verification({ verdict, redBefore, greenAfter, checks, notVerified }: Verification) {
  return html`<section class="card">
    <h2>Verification in a clean clone: ${words(verdict)}</h2>
    <p>${redBefore.length} red before, ${greenAfter.length} of them green after.</p>
    <table>
      ${checks.map(
        ({ title, verdict: result, detail, seconds }) => html`<tr>
          <td>${title}<br /><span class="quiet">${detail.slice(0, 300)}</span></td>
          <td class="narrow"><span class="pill ${result === 'PASS' ? 'good' : result === 'FAIL' ? 'bad' : 'warn'}">${result}</span></td>
          <td class="narrow quiet">${seconds.toFixed(1)} s</td>
        </tr>`,
      )}
    </table>
    ${notVerified.length > 0 ? html`<p class="quiet">Not verified: ${notVerified.join('; ')}</p>` : nothing}
  </section>`;
}

function log(lines: RunLine[]) {
  return html`<section class="card">
    <h2>Log</h2>
    ${lines.length === 0 ? html`<p class="quiet">Nothing yet.</p>` : nothing}
    <div class="log" tabindex="0">
      ${lines.map(
        ({ at, who, level, text }) =>
          html`<div class=${level} title=${absolute(at)}>${at.slice(11, 19)} <span class="who">${who}</span> ${text}</div>`,
      )}
    </div>
  </section>`;
}

function facts(ticket: Ticket, run: Run | undefined) {
  const { classification } = ticket;
  const fact = (name: string, value: unknown) => (value ? html`<dt>${name}</dt><dd>${value}</dd>` : nothing);
  return html`<section class="card">
    <h2>Ticket</h2>
    <dl>
      ${fact('From', `${ticket.source}, ${ticket.reporter.name}`)}
      ${fact('Account', ticket.reporter.account && `${ticket.reporter.account.at}:${ticket.reporter.account.id}`)}
      ${fact('Received', html`<span title=${absolute(ticket.createdAt)}>${relative(ticket.createdAt)}</span>`)}
      ${fact('Repository', classification?.repository)} ${fact('Branch', run?.branch)}
      ${fact('Source', ticket.url ? html`<a href=${ticket.url}>${ticket.externalId}</a>` : ticket.externalId)}
    </dl>
  </section>`;
}

/** Where people were told, and where they could not be. */
function answered(answers: Answer[]) {
  if (answers.length === 0) return nothing;
  return html`<section class="card">
    <h2>Answers</h2>
    ${answers.map(
      ({ place, at, trouble }) => html`<p>
        <span class="pill ${trouble ? 'bad' : 'good'}">${trouble ? 'not told' : 'told'}</span> ${place}
        <span class="quiet" title=${absolute(at)}>${relative(at)}</span>${trouble ? html`<br />${trouble}` : nothing}
      </p>`,
    )}
  </section>`;
}

function cost(costs: CostRow[], run: Run | undefined) {
  if (!run) return nothing;
  return html`<section class="card">
    <h2>Cost</h2>
    <p>${money(run.spentNanoUsd)} of ${money(run.budgetNanoUsd)}</p>
    <table>
      ${byRole(costs).map(([role, { calls, nanoUsd }]) => html`<tr><td>${role}</td><td>${calls} calls</td><td>${money(nanoUsd)}</td></tr>`)}
    </table>
  </section>`;
}

function byRole(costs: CostRow[]) {
  const sums = new Map<string, { calls: number; nanoUsd: number }>();
  for (const { role, nanoUsd } of costs) {
    const { calls, nanoUsd: before } = sums.get(role) ?? { calls: 0, nanoUsd: 0 };
    sums.set(role, { calls: calls + 1, nanoUsd: before + nanoUsd });
  }
  return [...sums];
}

function request({ body, metadata }: Ticket) {
  return html`<section class="card">
    <h2>As it was reported</h2>
    <pre>${body}</pre>
    ${metadata ? html`<pre>${JSON.stringify(metadata, null, 2)}</pre>` : nothing}
  </section>`;
}
