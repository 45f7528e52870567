import { html, nothing } from 'lit-html';
import type { ApprovalEntry } from '#core/approvals/view.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import type { Summary } from '../api.ts';
import { absolute, money, relative } from '../format.ts';
import { inbox } from './approvals.ts';
import { pill } from './status.ts';

interface Board {
  tickets: Ticket[];
  waiting: ApprovalEntry[];
  summary: Summary;
  filter: string;
  onFilter(status: string): void;
}

const FILTERS = ['', 'awaiting_approval', 'implementing', 'in_review', 'merged', 'escalated', 'failed'];

/** First page: what waits for a person, then every ticket, newest first. */
export function ticketsView({ tickets, waiting, summary, filter, onFilter }: Board) {
  return html`
    ${tiles(summary)} ${waiting.length > 0 ? inbox(waiting) : nothing}
    <section class="card">
      <div class="filters">
        <h2>Tickets</h2>
        <select aria-label="Show" @change=${(event: Event) => onFilter((event.target as HTMLSelectElement).value)}>
          ${FILTERS.map((name) => html`<option value=${name} ?selected=${name === filter}>${name.replaceAll('_', ' ') || 'all'}</option>`)}
        </select>
      </div>
      ${tickets.length === 0 ? html`<p class="quiet">None yet. Send one: <code>signalbox submit "title"</code></p>` : nothing}
      <ul class="rows">
        ${tickets.map(row)}
      </ul>
    </section>
  `;
}

function tiles({ byStatus, spentNanoUsd }: Summary) {
  const sum = (...names: string[]) => names.reduce((total, name) => total + (byStatus[name] ?? 0), 0);
  const tile = (name: string, value: string | number) =>
    html`<div class="tile"><strong>${value}</strong><span class="quiet">${name}</span></div>`;
  return html`<div class="tiles">
    ${tile('at work', sum('received', 'triaging', 'diagnosing', 'implementing', 'verifying'))}
    ${tile('waiting for approval', sum('awaiting_approval'))} ${tile('in review', sum('in_review'))}
    ${tile('merged', sum('merged'))} ${tile('with a person', sum('escalated', 'failed', 'declined'))}
    ${tile('spent on models', money(spentNanoUsd))}
  </div>`;
}

function row({ id, externalId, source, title, status, createdAt, classification }: Ticket) {
  return html`<li>
    <a class="title" href="/tickets/${id}">${title}</a>
    <span>${pill(status)}</span>
    <span class="quiet">${externalId} from ${source}${classification ? `, ${classification.type.replaceAll('_', ' ')}, ${classification.priority}` : ''}</span>
    <span class="quiet" title=${absolute(createdAt)}>${relative(createdAt)}</span>
  </li>`;
}
