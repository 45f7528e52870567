import type { Command } from 'commander';
import type { QueueView } from '#core/queue/view.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { client } from '../client.ts';
import { columns, relative } from '../layout.ts';
import { typed } from '../session.ts';
import { terminal } from '../terminal.ts';

const HELP = `
Examples:
  npx signalbox queue
  npx signalbox queue dead
  npx signalbox tickets prioritize tk_0123456789abcdef critical`;

/** `signalbox queue`: who works, who works next, and how long that takes. */
export function queue(program: Command): void {
  const command = program
    .command('queue')
    .description('who works now, who waits in which place, and how long by how long runs take')
    .addHelpText('after', HELP)
    .action(async () => {
      const { url, json } = program.opts();
      const api = client(url);
      const view = await api.ask<QueueView>('/api/queue');
      terminal(json).result(view, () => text(view, api.url));
    });
  command
    .command('dead')
    .description('tickets that failed and are not tried again by themselves, the newest first, and why')
    .action(async () => {
      const { url, json } = program.opts();
      const api = client(url);
      const { tickets } = await api.ask<{ tickets: Ticket[] }>('/api/tickets?status=failed&limit=100');
      terminal(json).result(tickets, () => dead(tickets, api.url));
    });
}

function text({ slots, working, waiting, waitingInAll, holdsFor }: QueueView, url: string): string {
  const took = holdsFor === null ? '' : `, each for about ${duration(holdsFor)}`;
  const head = `${working.length} of ${slots} slots are taken${took}; ${waitingInAll} wait.`;
  const now = working.map((one) => ['  works', one.ticketId, one.priority, relative(one.since), one.title]);
  const next = waiting.map((one) => [
    `  ${one.position}.`,
    one.ticketId,
    one.priority,
    one.estimatedWait === null ? 'not measured yet' : `in about ${duration(one.estimatedWait)}`,
    one.title,
  ]);
  const rows = columns([...now, ...next]);
  const hint = waiting[0] ? `\n\n${typed(url, `tickets prioritize ${waiting[0].ticketId} critical`)}` : '';
  return rows ? `${head}\n${rows}${hint}` : head;
}

function dead(tickets: Ticket[], url: string): string {
  if (tickets.length === 0) return 'None: every ticket came to an end of its own.';
  const rows = tickets.map(({ id, failure, updatedAt, reason, title }) => [
    id,
    failure ? `${failure.kind}, ${failure.attempts} times` : 'not tried again',
    relative(updatedAt),
    `${title}: ${reason ?? ''}`,
  ]);
  return `${columns(rows)}\n\n${typed(url, 'tickets retry TICKET')}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
