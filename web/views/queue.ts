import { html, nothing } from 'lit-html';
import type { Queued, QueueView } from '#core/queue/view.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { absolute, relative, took } from '../format.ts';

export type Steering = 'priority' | 'cancel' | 'retry';

interface Acts {
  mayLead: boolean;
  onSteer(ticketId: string, wish: Steering, priority?: string): void;
}

const PRIORITIES = ['critical', 'high', 'medium', 'low'];
const KINDS = { start: 'new', review: 'answers a review', resume: 'approved' };

/** Who works, who works next and when, and what a lead may do about it. */
export function queueView(queue: QueueView, acts: Acts) {
  const { slots, working, waiting, waitingInAll, holdsFor } = queue;
  return html`<h1>Queue</h1>
    <p class="quiet">${working.length} of ${slots} slots are taken. ${holdsFor === null ? 'How long a run takes is not measured yet.' : `A run takes about ${took(holdsFor * 1_000)}.`} A ticket that waits for a decision takes none.</p>
    <section class="card" aria-label="Working">
      <h2>Working</h2>
      ${
        working.length === 0
          ? html`<p class="quiet">Nobody works.</p>`
          : table(
              ['Ticket', 'Priority', 'For', ''],
              working.map((one) => works(one, acts)),
            )
      }
    </section>
    <section class="card" aria-label="Waiting">
      <h2>Waiting (${waitingInAll})</h2>
      ${
        waiting.length === 0
          ? html`<p class="quiet">Nobody waits.</p>`
          : table(
              ['', 'Ticket', 'Priority', 'Since', 'Its turn', ''],
              waiting.map((one) => waits(one, acts)),
            )
      }
      ${waitingInAll > waiting.length ? html`<p class="quiet">The first ${waiting.length} are shown.</p>` : nothing}
    </section>`;
}

function table(names: string[], rows: unknown[]) {
  return html`<div class="scroll"><table>
    <thead><tr>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${rows}</tbody>
  </table></div>`;
}

function works(one: Queued, { mayLead, onSteer }: Acts) {
  return html`<tr>
    <td>${ticket(one)}</td>
    <td>${one.priority}</td>
    <td title=${absolute(one.since)}>${took(Date.now() - Date.parse(one.since))}</td>
    <td>${mayLead ? html`<button class="plain" @click=${() => onSteer(one.ticketId, 'cancel')}>Cancel</button>` : nothing}</td>
  </tr>`;
}

function waits(one: QueueView['waiting'][number], { mayLead, onSteer }: Acts) {
  const choose = (event: Event) =>
    onSteer(one.ticketId, 'priority', (event.target as HTMLSelectElement).value);
  const choice = html`<select aria-label="Priority of ${one.externalId}" .value=${one.priority} @change=${choose}>
    ${PRIORITIES.map((name) => html`<option ?selected=${name === one.priority}>${name}</option>`)}
  </select>`;
  return html`<tr>
    <td>${one.position}</td>
    <td>${ticket(one)}</td>
    <td>${mayLead ? choice : one.priority}</td>
    <td title=${absolute(one.arrivedAt)}>${relative(one.arrivedAt)}</td>
    <td>${one.estimatedWait === null ? 'not measured' : `in ${took(one.estimatedWait * 1_000)}`}</td>
    <td>${mayLead ? html`<button class="plain" @click=${() => onSteer(one.ticketId, 'cancel')}>Cancel</button>` : nothing}</td>
  </tr>`;
}

function ticket({ ticketId, title, externalId, kind }: Queued) {
  return html`<a href="/tickets/${ticketId}">${title || ticketId}</a><br><span class="quiet">${externalId}, ${KINDS[kind]}</span>`;
}

const AGAIN = ['failed', 'escalated', 'cancelled', 'declined'];

/** Beginning anew with a ticket that came to nothing, for leads. */
export function again({ id, status, pullRequest, duplicateOf }: Ticket, { mayLead, onSteer }: Acts) {
  if (!mayLead || pullRequest || duplicateOf || !AGAIN.includes(status)) return nothing;
  return html`<button @click=${() => onSteer(id, 'retry')}>Try again</button>`;
}

const OPEN = ['received', 'triaging', 'diagnosing', 'awaiting_approval', 'implementing', 'verifying'];

/** Ending a ticket that is worked on, waits for somebody or came to nothing, for leads. */
export function ending({ id, status, pullRequest }: Ticket, { mayLead, onSteer }: Acts) {
  const isStuck = ['escalated', 'failed'].includes(status) && !pullRequest;
  if (!mayLead || !(isStuck || OPEN.includes(status))) return nothing;
  return html`<button class="plain" @click=${() => onSteer(id, 'cancel')}>Cancel the ticket</button>`;
}
