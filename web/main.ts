import { html, render } from 'lit-html';
import * as on from './actions.ts';
import { drawnBy, look, PAGES, type PageName, pageAt } from './looking.ts';
import { mayLead, state, tapName } from './state.ts';
import { approvalsView } from './views/approvals.ts';
import { deadLettersView } from './views/dead-letters.ts';
import { driftView, tapDriftView } from './views/drift.ts';
import { integrationsView } from './views/integrations.ts';
import { noticesView } from './views/notices.ts';
import { queueView } from './views/queue.ts';
import { signInView } from './views/sign-in.ts';
import { ticketView } from './views/ticket.ts';
import { ticketsView } from './views/tickets.ts';

/** How often the page looks again while it is visible; tickets change by seconds, not milliseconds. */
const LOOK_AGAIN_MS = 1_500;

const page = document.querySelector('#page') as HTMLElement;

function draw(): void {
  render(html`${top()}<main>${view()}</main>`, page);
}

function top() {
  const { me } = state;
  return html`<header class="top">
    <b><a href="/">Signalbox</a></b>
    ${me ? links() : ''}
    ${me ? html`<span class="me quiet">${me.email ?? me.id} (${me.roles.join(', ')}) <a href="/auth/passkeys">Passkeys</a> <a href="/auth/slack">Slack</a> <button class="plain" @click=${on.signOut}>Sign out</button></span>` : ''}
  </header>`;
}

function links() {
  const here = pageAt(location.pathname);
  const shown = (Object.keys(PAGES) as PageName[]).flatMap((name) => {
    const page = PAGES[name];
    if (!('menu' in page) || ('forLeads' in page.menu && !mayLead())) return [];
    return [
      html`<a href=${page.menu.href} aria-current=${name === here ? 'page' : 'false'}>${page.menu.name}</a>`,
    ];
  });
  return html`<nav aria-label="Pages">${shown}</nav>`;
}

function view() {
  const { me, email, problem } = state;
  if (!me)
    return signInView({
      email,
      onEmail: on.onEmail,
      onCode: on.onCode,
      ...(problem !== undefined && { problem }),
    });
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  return VIEWS[pageAt(location.pathname) ?? 'tickets']() ?? html`<p class="quiet">Loading…</p>`;
}

/** Each page once it was looked at; nothing before. */
const VIEWS: Record<PageName, () => unknown> = {
  tickets: () => state.board && ticketsView({ ...state.board, filter: state.filter, ...on }),
  ticket: () => state.detail && ticketView(state.detail, { lines: state.lines, mayLead: mayLead(), ...on }),
  queue: () => state.queue && queueView(state.queue, { mayLead: mayLead(), ...on }),
  approvals: () => state.desk && approvalsView({ ...state.desk, ...on }),
  integrations: () => {
    const { integrations, refusal } = state;
    return integrations && integrationsView({ integrations, refusal, mayLead: mayLead(), ...on });
  },
  drift: () => {
    const acts = { mayLead: mayLead(), ...on };
    if (tapName()) return state.tap && tapDriftView(state.tap, acts);
    return state.drift && driftView(state.drift, acts);
  },
  notices: () => state.preferences && noticesView(state.preferences, { mayLead: mayLead(), ...on }),
  'dead-letters': () => state.dead && deadLettersView(state.dead, { open: state.letter, ...on }),
};

/** Links inside the page change the address without loading it again. */
function onClick(event: MouseEvent): void {
  const link = (event.target as Element).closest('a');
  if (!link || event.metaKey || event.ctrlKey || event.button !== 0) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || !pageAt(url.pathname)) return;
  event.preventDefault();
  history.pushState(null, '', url);
  delete state.detail;
  delete state.tap;
  state.lines = [];
  void look();
}

async function keepLooking(): Promise<never> {
  for (;;) {
    await new Promise((next) => setTimeout(next, LOOK_AGAIN_MS));
    if (state.me && !document.hidden) await look();
  }
}

document.addEventListener('click', onClick);
window.addEventListener('popstate', () => void look());
page.replaceChildren();
drawnBy(draw);
void look().then(keepLooking);
