import { api, type Refusal } from './api.ts';
import { lookAtDesk } from './desk.ts';
import { state, tapName, ticketId } from './state.ts';

/** A page of the dashboard: where it is, how the menu calls it, and what it looks at. */
interface Page {
  path: RegExp;
  menu?: { name: string; href: string; forLeads?: boolean };
  look(): Promise<void>;
}

export type PageName = keyof typeof PAGES;

export const PAGES = {
  tickets: { path: /^\/$/, menu: { name: 'Tickets', href: '/' }, look: lookAtBoard },
  ticket: { path: /^\/tickets\/[^/]+$/, look: lookAtTicket },
  queue: {
    path: /^\/queue$/,
    menu: { name: 'Queue', href: '/queue' },
    look: into('queue', api.queue),
  },
  approvals: {
    path: /^\/approvals$/,
    menu: { name: 'Approvals', href: '/approvals' },
    look: into('desk', () => lookAtDesk(state.days, state.desk)),
  },
  integrations: {
    path: /^\/integrations$/,
    menu: { name: 'Integrations', href: '/integrations' },
    look: into('integrations', async () => (await api.integrations()).integrations),
  },
  drift: {
    path: /^\/drift(\/[\w.-]+\/[\w.-]+)?$/,
    menu: { name: 'Drift', href: '/drift' },
    look: lookAtDrift,
  },
  notices: {
    path: /^\/notices$/,
    menu: { name: 'Notices', href: '/notices' },
    look: into('preferences', api.preferences),
  },
  'dead-letters': {
    path: /^\/dead-letters$/,
    menu: { name: 'Dead letters', href: '/dead-letters', forLeads: true },
    look: into('dead', api.deadLetters),
  },
} satisfies Record<string, Page>;

/** The page at a path; none for what the dashboard does not have. */
export function pageAt(path: string): PageName | undefined {
  return (Object.keys(PAGES) as PageName[]).find((name) => PAGES[name].path.test(path));
}

let draw = () => {};

/** Draws the page, and again after whatever changes. */
export function drawnBy(drawing: () => void): void {
  draw = drawing;
  draw();
}

function into<Key extends keyof typeof state>(key: Key, ask: () => Promise<(typeof state)[Key]>) {
  return async () => {
    state[key] = await ask();
  };
}

/** Looks at what the page shows, and draws it. */
export async function look(): Promise<void> {
  try {
    state.me ??= await api.me();
    await PAGES[pageAt(location.pathname) ?? 'tickets'].look();
    delete state.problem;
  } catch (error) {
    refused(error as Refusal);
  }
  draw();
}

/** Does what somebody asked for and looks again, or says why not. */
export async function act(work: () => Promise<unknown>): Promise<void> {
  delete state.problem;
  try {
    await work();
    await look();
  } catch (error) {
    state.problem = (error as Error).message;
    draw();
  }
}

async function lookAtBoard(): Promise<void> {
  const filter: Record<string, string> = state.filter ? { status: state.filter } : {};
  const [{ tickets }, { approvals }, summary] = await Promise.all([
    api.tickets({ ...filter, limit: '50' }),
    api.approvals(),
    api.summary(),
  ]);
  state.board = { tickets, waiting: approvals, summary };
}

async function lookAtDrift(): Promise<void> {
  const name = tapName();
  if (name) state.tap = await api.driftOf(name);
  else state.drift = await api.drift();
}

async function lookAtTicket(): Promise<void> {
  state.detail = await api.ticket(ticketId() ?? '');
  const run = state.detail.runs.at(-1);
  if (run) state.lines = (await api.lines(run.id)).lines;
}

function refused(error: Refusal): void {
  if (error.status === 401) delete state.me;
  else state.problem = error.message;
}
