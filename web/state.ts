import type { ApprovalEntry } from '#core/approvals/view.ts';
import type { DeadLetterView } from '#core/dead-letters.ts';
import type { IntegrationEntry } from '#core/projects/health.ts';
import type { QueueView } from '#core/queue/view.ts';
import type { RunLine } from '#core/runs/run.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import type { DriftHistory, DriftList, Me, Summary, TicketDetail } from './api.ts';
import type { Desk } from './desk.ts';
import type { DeadLetterPage } from './views/dead-letters.ts';
import type { PreferencesPage } from './views/notices.ts';

/** What the page knows: each page's newest look, and what the person has chosen. */
export const state: {
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

/** Whether this person may do what leads do. */
export function mayLead(): boolean {
  return ['lead', 'admin'].some((role) => state.me?.roles.includes(role));
}

/** The ticket that the address names. */
export function ticketId(): string | undefined {
  return /^\/tickets\/([^/]+)$/.exec(location.pathname)?.[1];
}

/** The tap that the address names: `owner/name`. */
export function tapName(): string | undefined {
  return /^\/drift\/([\w.-]+\/[\w.-]+)$/.exec(location.pathname)?.[1];
}
