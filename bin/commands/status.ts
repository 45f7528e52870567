import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ApprovalEntry } from '#core/approvals/view.ts';
import type { Run } from '#core/runs/run.ts';
import { isFinal, type Ticket, type TicketStatus } from '#core/tickets/ticket.ts';
import { type Client, client } from '../client.ts';
import { columns, facts, moment, relative } from '../layout.ts';
import { runLine } from '../run-line.ts';
import { typed } from '../session.ts';
import { CommandError, EXIT, money, terminal, tone } from '../terminal.ts';

interface Detail {
  ticket: Ticket;
  runs: Run[];
  costs: unknown[];
  approval?: ApprovalEntry;
}

const HELP = `
Examples:
  npx signalbox status
  npx signalbox status tk_0123456789abcdef --watch

With --watch it ends with 0 when the ticket is in review, merged or answered, and with 1 when it ended in another way.`;

/** `signalbox status [TICKET] [--watch]`: the newest tickets, or one until it needs nobody here any more. */
export function status(program: Command): void {
  program
    .command('status')
    .description('show the newest tickets, or one of them, and what each waits for')
    .argument('[ticket]', 'its id')
    .option('--watch', 'go on until it is in review or has ended')
    .addHelpText('after', HELP)
    .action(async (id: string | undefined, { watch = false }: { watch?: boolean }) => {
      const { url, json } = program.opts();
      const api = client(url);
      const out = terminal(json);
      if (!id) {
        if (watch) throw new CommandError('--watch needs the id of a ticket', EXIT.usage);
        const tickets = await all(api);
        return out.result(tickets, () => listed(api, tickets));
      }
      const detail = watch ? await watched(api, id, out.say) : await one(api, id);
      out.result(detail, () => described(api, detail));
      if (watch && !WELL.includes(detail.ticket.status)) process.exitCode = EXIT.failed;
    });
}

const WELL: TicketStatus[] = ['in_review', 'merged', 'answered'];

async function all(api: Client): Promise<(Ticket & { approval?: ApprovalEntry })[]> {
  const [{ tickets }, inbox] = await Promise.all([
    api.ask<{ tickets: Ticket[] }>('/api/tickets'),
    waiting(api),
  ]);
  return tickets.map((ticket) => ({ ...ticket, ...of(inbox, ticket) }));
}

async function one(api: Client, id: string): Promise<Detail> {
  const detail = await api.ask<Detail>(`/api/tickets/${encodeURIComponent(id)}`);
  const inbox = detail.ticket.status === 'awaiting_approval' ? await waiting(api) : [];
  return { ...detail, ...of(inbox, detail.ticket) };
}

/** An API key may read tickets and not approvals: it then sees that one is waited for, and not which. */
async function waiting(api: Client): Promise<ApprovalEntry[]> {
  const { approvals } = await api
    .ask<{ approvals: ApprovalEntry[] }>('/api/approvals')
    .catch((error: Error) => (/scope/.test(error.message) ? { approvals: [] } : Promise.reject(error)));
  return approvals;
}

function of(inbox: ApprovalEntry[], { id }: Ticket): { approval?: ApprovalEntry } {
  const approval = inbox.find(({ ticketId }) => ticketId === id);
  return approval ? { approval } : {};
}

async function watched(api: Client, id: string, say: (text: string) => void): Promise<Detail> {
  for (let last = ''; ; await sleep(1_000)) {
    const detail = await one(api, id);
    const { ticket, runs } = detail;
    const now = `${tone(ticket.status)}  ${doing(runs.at(-1)) ?? waitsFor(api, detail) ?? ''}`.trimEnd();
    if (now !== last) say(now);
    last = now;
    if (isFinal(ticket.status) || ticket.status === 'in_review') return detail;
  }
}

function listed(api: Client, tickets: (Ticket & { approval?: ApprovalEntry })[]): string {
  if (tickets.length === 0)
    return `No tickets yet. Send one with:\n  ${typed(api.url, 'submit "What is wrong"')}`;
  const rows = tickets.map(({ id, status: state, externalId, title, updatedAt }) => [
    id,
    tone(state),
    relative(updatedAt),
    externalId,
    title,
  ]);
  const open = tickets.flatMap(({ approval }) => (approval ? [approval] : []));
  if (open.length === 0) return columns(rows);
  const asked = open.map(({ id, headline, expiresAt }) => [
    `  ${typed(api.url, `approvals approve ${id}`)}`,
    relative(expiresAt),
    headline,
  ]);
  return `${columns(rows)}\n\nWaiting for a decision, each until it expires:\n${columns(asked, Infinity)}`;
}

function doing(run: Run | undefined): string | undefined {
  if (run?.status !== 'running' || run.stage === 'approval') return undefined;
  return runLine(run);
}

function waitsFor(
  api: Client,
  { ticket, approval }: Pick<Detail, 'ticket' | 'approval'>,
): string | undefined {
  if (approval)
    return `a decision, until ${moment(approval.expiresAt)}:\n${typed(api.url, `approvals approve ${approval.id}`)}`;
  if (ticket.status === 'awaiting_approval') return 'a decision';
  if (ticket.status === 'in_review') return 'somebody to merge or close the pull request';
  return undefined;
}

function described(api: Client, detail: Detail): string {
  const { id, externalId, title, source, url, createdAt, updatedAt, ...ticket } = detail.ticket;
  const { classification, diagnosis, pullRequest, reason } = ticket;
  const run = detail.runs.at(-1);
  const rows = facts([
    ['title', `${externalId}: ${title}`],
    ['source', url ? `${source}, ${url}` : source],
    ['repository', classification?.repository],
    ['received', moment(createdAt)],
    ['changed', moment(updatedAt)],
    ['cause', diagnosis && `${diagnosis.rootCause.replaceAll('_', ' ')}: ${diagnosis.summary}`],
    ['now', doing(run)],
    ['cost', run && `${money(run.spentNanoUsd)} of at most ${money(run.budgetNanoUsd)}`],
    ['pull request', pullRequest?.url],
    ['waits for', waitsFor(api, detail)],
    ['why', reason],
  ]);
  return `${id}  ${tone(ticket.status)}\n${rows}`;
}
