import { html, render } from 'lit-html';
import type { ApprovalEntry } from '#core/approvals/view.ts';
import type { DeadLetterView } from '#core/dead-letters.ts';
import type { IntegrationEntry } from '#core/projects/health.ts';
import type { QueueView } from '#core/queue/view.ts';
import type { RunLine } from '#core/runs/run.ts';
import type { CheckRecord } from '#core/taps/check.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import {
  api,
  type DriftHistory,
  type DriftList,
  type Me,
  type Refusal,
  type Summary,
  type TicketDetail,
} from './api.ts';
import { type Desk, lookAtDesk, withOlder } from './desk.ts';
import { approvalsView } from './views/approvals.ts';
import { type DeadLetterPage, deadLettersView } from './views/dead-letters.ts';
import { driftView, tapDriftView } from './views/drift.ts';
import { integrationsView, registration } from './views/integrations.ts';
import type { Saved } from './views/left.ts';
import { noticesView, type PreferencesPage } from './views/notices.ts';
import { queueView, type Steering } from './views/queue.ts';
import { signInView } from './views/sign-in.ts';
import type { Wish } from './views/steering.ts';
import { ticketView } from './views/ticket.ts';
import { ticketsView } from './views/tickets.ts';
import type { Correction } from './views/triage.ts';

/** How often the page looks again while it is visible; tickets change by seconds, not milliseconds. */
const LOOK_AGAIN_MS = 1_500;

const page = document.querySelector('#page') as HTMLElement;
const state: {
  me?: Me;
  email: string;
  problem?: string;
  filter: string;
  board?: { tickets: Ticket[]; waiting: ApprovalEntry[]; summary: Summary };
  detail?: TicketDetail;
  lines: RunLine[];
  desk?: Desk;
  integrations?: IntegrationEntry[];
  /** Why the last registration was refused. */
  refusal?: string;
  queue?: QueueView;
  drift?: DriftList;
  tap?: DriftHistory;
  dead?: DeadLetterPage;
  /** The dead letter that is open. */
  letter?: DeadLetterView | undefined;
  preferences?: PreferencesPage;
  /** Days that the figures are about. */
  days: number;
} = { email: '', filter: '', lines: [], days: 30 };

function draw(): void {
  render(html`${top()}<main>${view()}</main>`, page);
}

function top() {
  const { me } = state;
  return html`<header class="top">
    <b><a href="/">Signalbox</a></b>
    ${me ? links() : ''}
    ${me ? html`<span class="me quiet">${me.email ?? me.id} (${me.roles.join(', ')}) <a href="/auth/passkeys">Passkeys</a> <a href="/auth/slack">Slack</a> <button class="plain" @click=${signOut}>Sign out</button></span>` : ''}
  </header>`;
}

function links() {
  const current = (isHere: boolean) => (isHere ? 'page' : 'false');
  return html`<nav aria-label="Pages">
    <a href="/" aria-current=${current(location.pathname === '/')}>Tickets</a>
    <a href="/queue" aria-current=${current(isQueue())}>Queue</a>
    <a href="/approvals" aria-current=${current(isDesk())}>Approvals</a>
    <a href="/integrations" aria-current=${current(areIntegrations())}>Integrations</a>
    <a href="/drift" aria-current=${current(isDrift())}>Drift</a>
    <a href="/notices" aria-current=${current(areNotices())}>Notices</a>
    ${mayLead() ? html`<a href="/dead-letters" aria-current=${current(areDeadLetters())}>Dead letters</a>` : ''}
  </nav>`;
}

function view() {
  const { me, email, problem, board, detail, desk, filter, lines } = state;
  if (!me) return signInView({ email, onEmail, onCode, ...(problem !== undefined && { problem }) });
  if (problem) return html`<p class="problem" role="alert">${problem}</p>`;
  const own = OF_THEIR_OWN.find(([isHere]) => isHere());
  if (own) return own[1]();
  if (isDesk())
    return desk ? approvalsView({ ...desk, onDays, onOlder }) : html`<p class="quiet">Loading…</p>`;
  if (ticketId())
    return detail
      ? ticketView(detail, { lines, mayLead: mayLead(), onWish, onSave, onCorrect, onMerge, onSteer })
      : html`<p class="quiet">Loading…</p>`;
  return board ? ticketsView({ ...board, filter, onFilter }) : html`<p class="quiet">Loading…</p>`;
}

const OF_THEIR_OWN = [
  [areIntegrations, integrationsPage],
  [isDrift, driftPage],
  [areDeadLetters, deadLettersPage],
  [areNotices, noticesPage],
  [isQueue, queuePage],
] as const;

function integrationsPage() {
  const { integrations, refusal } = state;
  if (!integrations) return html`<p class="quiet">Loading…</p>`;
  return integrationsView({ integrations, refusal, mayLead: mayLead(), onRegister });
}

function areIntegrations(): boolean {
  return location.pathname === '/integrations';
}

function driftPage() {
  const { drift, tap } = state;
  const acts = { mayLead: mayLead(), onCheck, onAccept };
  if (tapName()) return tap ? tapDriftView(tap, acts) : html`<p class="quiet">Loading…</p>`;
  return drift ? driftView(drift, acts) : html`<p class="quiet">Loading…</p>`;
}

function deadLettersPage() {
  const { dead, letter } = state;
  return dead
    ? deadLettersView(dead, { open: letter, onOpen, onReplay })
    : html`<p class="quiet">Loading…</p>`;
}

function queuePage() {
  const { queue } = state;
  return queue ? queueView(queue, { mayLead: mayLead(), onSteer }) : html`<p class="quiet">Loading…</p>`;
}

function isQueue(): boolean {
  return location.pathname === '/queue';
}

function areDeadLetters(): boolean {
  return location.pathname === '/dead-letters';
}

function noticesPage() {
  const { preferences } = state;
  const acts = { mayLead: mayLead(), onMine, onRooms };
  return preferences ? noticesView(preferences, acts) : html`<p class="quiet">Loading…</p>`;
}

function areNotices(): boolean {
  return location.pathname === '/notices';
}

function isDrift(): boolean {
  return location.pathname === '/drift' || tapName() !== undefined;
}

function tapName(): string | undefined {
  return /^\/drift\/([\w.-]+\/[\w.-]+)$/.exec(location.pathname)?.[1];
}

function isDesk(): boolean {
  return location.pathname === '/approvals';
}

function ticketId(): string | undefined {
  return /^\/tickets\/([^/]+)$/.exec(location.pathname)?.[1];
}

async function load(): Promise<void> {
  try {
    state.me ??= await api.me();
    const id = ticketId();
    if (areIntegrations()) state.integrations = (await api.integrations()).integrations;
    else if (isDesk()) state.desk = await lookAtDesk(state.days, state.desk);
    else if (isDrift()) await loadDrift();
    else if (isQueue()) state.queue = await api.queue();
    else if (areDeadLetters()) state.dead = await api.deadLetters();
    else if (areNotices()) state.preferences = await api.preferences();
    else if (id) await loadTicket(id);
    else await loadBoard();
    delete state.problem;
  } catch (error) {
    refused(error as Refusal);
  }
  draw();
}

async function loadBoard(): Promise<void> {
  const filter: Record<string, string> = state.filter ? { status: state.filter } : {};
  const [{ tickets }, { approvals }, summary] = await Promise.all([
    api.tickets({ ...filter, limit: '50' }),
    api.approvals(),
    api.summary(),
  ]);
  state.board = { tickets, waiting: approvals, summary };
}

async function loadDrift(): Promise<void> {
  const name = tapName();
  if (name) state.tap = await api.driftOf(name);
  else state.drift = await api.drift();
}

async function loadTicket(id: string): Promise<void> {
  state.detail = await api.ticket(id);
  const run = state.detail.runs.at(-1);
  if (run) state.lines = (await api.lines(run.id)).lines;
}

function refused(error: Refusal): void {
  if (error.status === 401) delete state.me;
  else state.problem = error.message;
}

async function act(work: () => Promise<unknown>): Promise<void> {
  delete state.problem;
  try {
    await work();
    await load();
  } catch (error) {
    state.problem = (error as Error).message;
    draw();
  }
}

function onEmail(email: string): void {
  state.email = email;
  void act(async () => email && api.askCode(email));
}

function onCode(code: string): void {
  void act(() => api.signIn(state.email, code));
}

function signOut(): void {
  void act(async () => {
    await api.signOut();
    delete state.me;
    state.email = '';
  });
}

function onFilter(status: string): void {
  state.filter = status;
  void load();
}

function mayLead(): boolean {
  return ['lead', 'admin'].some((role) => state.me?.roles.includes(role));
}

function onRegister(form: HTMLFormElement): void {
  delete state.refusal;
  void act(async () => {
    await api.register(registration(form)).then(
      () => form.reset(),
      (error: Error) => {
        state.refusal = error.message.replace(/✖ (.+)\n\s+→ at (\S+)/g, '$2: $1');
      },
    );
  });
}

function onWish(wish: Wish, text?: string): void {
  const run = state.detail?.runs.at(-1);
  if (!run) return;
  void act(() => api.wish(run.id, wish, text));
}

function onSave(what: Saved): void {
  const run = state.detail?.runs.at(-1);
  if (run) void act(async () => save(await api[what](run.id)));
}

function save({ name, blob }: { name: string; blob: Blob }): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function onCorrect(correction: Correction): void {
  const id = ticketId();
  if (id) void act(() => api.correct(id, correction));
}

function onMerge(into: string): void {
  const id = ticketId();
  if (id) void act(() => api.merge(id, into));
}

function onSteer(ticketId: string, wish: Steering, priority?: string): void {
  void act(() => api.steer(ticketId, wish, priority ? { priority } : {}));
}

function onCheck(repository?: string): void {
  void act(() => api.checkTaps(repository));
}

function onAccept({ repository, check }: CheckRecord, reason: string): void {
  void act(() => api.acceptDrift(repository, check, reason));
}

function onOpen(id: string): void {
  const isOpen = state.letter?.id === id;
  void act(async () => {
    state.letter = isOpen ? undefined : (await api.deadLetter(id)).deadLetter;
  });
}

function onReplay(id?: string): void {
  void act(async () => {
    let page: { cursor?: string } = await api.replay(id);
    while (page.cursor) page = await api.replay(undefined, page.cursor);
  });
}

function onMine(mine: PreferencesPage['mine']): void {
  void act(() => api.putMine(mine));
}

function onRooms(rooms: PreferencesPage['rooms']): void {
  void act(() => api.putRooms(rooms));
}

function onDays(days: number): void {
  state.days = days;
  void load();
}

function onOlder(): void {
  void act(async () => {
    if (state.desk) state.desk = await withOlder(state.desk);
  });
}

const OWN_PAGES = /^\/(tickets\/|drift(\/|$)|approvals$|queue$|integrations$|dead-letters$|notices$|$)/;

/** Links inside the page change the address without loading it again. */
function onClick(event: MouseEvent): void {
  const link = (event.target as Element).closest('a');
  if (!link || event.metaKey || event.ctrlKey || event.button !== 0) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || !OWN_PAGES.test(url.pathname)) return;
  event.preventDefault();
  history.pushState(null, '', url);
  delete state.detail;
  delete state.tap;
  state.lines = [];
  void load();
}

async function keepLooking(): Promise<never> {
  for (;;) {
    await new Promise((next) => setTimeout(next, LOOK_AGAIN_MS));
    if (state.me && !document.hidden) await load();
  }
}

document.addEventListener('click', onClick);
window.addEventListener('popstate', () => void load());
page.replaceChildren();
draw();
void load().then(keepLooking);
