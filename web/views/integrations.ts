import { html, nothing } from 'lit-html';
import type { IntegrationEntry } from '#core/projects/health.ts';
import { absolute, relative } from '../format.ts';
import { pill } from './status.ts';

interface Shown {
  integrations: IntegrationEntry[];
  mayLead: boolean;
  /** Why the last registration was refused, in the API's own words. */
  refusal?: string | undefined;
  onRegister(form: HTMLFormElement): void;
}

/** Every integration with its health; leads register more. */
export function integrationsView({ integrations, mayLead, refusal, onRegister }: Shown) {
  return html`
    <section class="card">
      <h2>Integrations</h2>
      ${integrations.length === 0 ? html`<p class="quiet">None is registered yet.</p>` : table(integrations)}
    </section>
    ${mayLead ? form(refusal, onRegister) : nothing}
  `;
}

function table(integrations: IntegrationEntry[]) {
  const names = ['Integration', 'Tenant', 'Schedule', 'Catalog', 'Last check', 'Last run', 'Open tickets'];
  return html`<div class="scroll"><table>
    <thead><tr>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${integrations.map(row)}</tbody>
  </table></div>`;
}

function row(one: IntegrationEntry) {
  const { lastRun, lastCheck, openTickets } = one.health;
  const read = lastCheck?.discovery;
  return html`<tr>
    <th scope="row">${one.repository}<br><span class="quiet">${one.kind} ${one.package}</span></th>
    <td>${one.tenant}</td>
    <td>${one.schedule}</td>
    <td title=${one.reason ?? read?.reason ?? ''}>${one.discovery}${read ? html`<br><span class="quiet">code: ${read.kind}</span>` : nothing}</td>
    <td>${lastCheck ? html`<a href="/drift/${one.repository}">${lastCheck.state}</a> <span class="quiet" title=${absolute(lastCheck.at)}>${relative(lastCheck.at)}</span>` : html`<span class="quiet">none yet</span>`}</td>
    <td>${lastRun ? html`<a href="/tickets/${lastRun.ticketId}">${pill(lastRun.status)}</a> <span class="quiet" title=${absolute(lastRun.at)}>${relative(lastRun.at)}</span>` : html`<span class="quiet">none yet</span>`}</td>
    <td>${openTickets}</td>
  </tr>`;
}

function form(refusal: string | undefined, onRegister: Shown['onRegister']) {
  const submit = (event: Event) => {
    event.preventDefault();
    onRegister(event.target as HTMLFormElement);
  };
  return html`<form class="card" @submit=${submit}>
    <h2>Register an integration</h2>
    ${field('repository', 'Repository', 'https://github.com/acme/tap-shop.git')}
    ${field('package', 'Python package', 'tap-shop')}
    ${field('project', 'Project', 'shop')}
    ${field('tenant', 'Tenant', 'acme')}
    ${field('credentials', 'Credentials: a name, never a value; see signalbox integrations credentials', 'shop', false)}
    ${field('approvers', 'Approvers, for a new project', 'paula@acme.example', false)}
    ${choice('kind', 'Kind', ['tap', 'target', 'etl'])}
    ${choice('schedule', 'Schedule', ['weekly', 'daily', 'manual'])}
    ${choice('discovery', 'Catalog', ['auto', 'static', 'dynamic', 'inferred'])}
    ${refusal ? html`<p class="problem" role="alert">${refusal}</p>` : nothing}
    <button>Register</button>
  </form>`;
}

function field(name: string, label: string, example: string, isRequired = true) {
  return html`<label>${label} <input name=${name} placeholder=${example} ?required=${isRequired} autocomplete="off"></label>`;
}

function choice(name: string, label: string, options: string[]) {
  return html`<label>${label} <select name=${name}>${options.map((one) => html`<option>${one}</option>`)}</select></label>`;
}

/** What the form says, as the API takes it. */
export function registration(form: HTMLFormElement): object {
  const given = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()] as const);
  const { approvers, ...rest } = Object.fromEntries(given.filter(([, value]) => value));
  return { ...rest, ...(approvers && { approvers: approvers.split(/[\s,]+/) }) };
}
