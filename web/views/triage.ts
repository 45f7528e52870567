import { html, nothing } from 'lit-html';
import type { Ticket } from '#core/tickets/ticket.ts';
import type { Similar } from '#core/triage/similar.ts';
import { words } from '../format.ts';
import { pill } from './status.ts';

/** What a lead says a ticket is. */
export interface Correction {
  type?: string;
  priority?: string;
  module?: string;
}

interface Beside {
  similar: Similar[];
  mayLead: boolean;
  onCorrect(correction: Correction): void;
  onMerge(into: string): void;
}

const TYPES = [
  'bug',
  'feature',
  'enhancement',
  'question',
  'task',
  'new_integration',
  'schema_drift',
  'incident',
];
const PRIORITIES = ['critical', 'high', 'medium', 'low'];

/** How the ticket was understood and by which words, and how a lead puts that right. */
export function understood({ classification: said }: Ticket, { mayLead, onCorrect }: Beside) {
  if (!said) return nothing;
  return html`<section class="card" aria-label="How it was understood">
    <h2>Understood as ${words(said.type)}, ${said.priority}</h2>
    <p class="quiet">Decided by ${said.by === 'none' ? 'nobody' : said.by}, ${Math.round(said.confidence * 100)} %, ${said.complexity} complexity, goes to: ${said.role}</p>
    <ul>
      ${said.reason.split('; ').map((reason) => html`<li>${reason}</li>`)}
    </ul>
    ${mayLead ? correcting(said, onCorrect) : nothing}
  </section>`;
}

function correcting(said: NonNullable<Ticket['classification']>, onCorrect: Beside['onCorrect']) {
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.target as HTMLFormElement);
    const module = String(given.get('module') ?? '').trim();
    const type = String(given.get('type'));
    onCorrect({
      ...(type && { type }),
      priority: String(given.get('priority')),
      ...(module && { module }),
    });
  };
  const choice = (name: string, values: string[], chosen: string) =>
    html`<label>${words(name)} <select name=${name}>
      ${values.map((value) => html`<option value=${value} ?selected=${value === chosen}>${words(value) || 'as it is'}</option>`)}
    </select></label>`;
  return html`<form class="correct" @submit=${send}>
    ${said.by === 'none' ? choice('type', ['', ...TYPES], '') : choice('type', TYPES, said.type)} ${choice('priority', PRIORITIES, said.priority)}
    <label>module <input name="module" maxlength="200" autocomplete="off" placeholder=${said.repository ?? 'owner/name or alias'} /></label>
    <button class="plain">Correct or confirm</button>
  </form>`;
}

/** Tickets that are like this one, with why; a lead may say that one is the same. */
export function alike({ duplicateOf }: Ticket, { similar, mayLead, onMerge }: Beside) {
  if (similar.length === 0 && !duplicateOf) return nothing;
  return html`<section class="card" aria-label="Tickets like it">
    <h2>Tickets like it</h2>
    ${duplicateOf ? html`<p>A duplicate of <a href="/tickets/${duplicateOf}">${duplicateOf}</a>.</p>` : nothing}
    <ul class="rows">
      ${similar.map(
        ({ ticketId, externalId, title, status, reason }) => html`<li>
          <a class="title" href="/tickets/${ticketId}">${title}</a>
          <span>${pill(status)}</span>
          <span class="quiet">${externalId}, ${reason}</span>
          ${mayLead && !duplicateOf ? html`<button class="plain" @click=${() => onMerge(ticketId)}>This one is a duplicate of it</button>` : nothing}
        </li>`,
      )}
    </ul>
  </section>`;
}
