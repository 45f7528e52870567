import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Run } from '#core/runs/run.ts';
import { isFinal, type Ticket } from '#core/tickets/ticket.ts';
import { type Client, client } from '../client.ts';
import { money, terminal, tone } from '../terminal.ts';

interface Detail {
  ticket: Ticket;
  runs: Run[];
}

/** `signalbox status [TICKET] [--watch]`: all tickets, or one until it needs nobody here any more. */
export function status(program: Command): void {
  program
    .command('status')
    .description('show tickets, or one of them')
    .argument('[ticket]', 'its id')
    .option('--watch', 'go on until it is in review or has ended', false)
    .action(async (id: string | undefined, { watch }: { watch: boolean }) => {
      const { url, json } = program.opts();
      const api = client(url);
      const out = terminal(json);
      if (!id) {
        const { tickets } = await api.ask<{ tickets: Ticket[] }>('/api/tickets');
        return out.result(tickets, () => tickets.map(line).join('\n') || 'No tickets yet.');
      }
      const detail = watch ? await watched(api, id, out.say) : await one(api, id);
      out.result(detail, () => described(detail));
    });
}

function one(api: Client, id: string): Promise<Detail> {
  return api.ask<Detail>(`/api/tickets/${encodeURIComponent(id)}`);
}

async function watched(api: Client, id: string, say: (text: string) => void): Promise<Detail> {
  let last = '';
  for (;;) {
    const detail = await one(api, id);
    const run = detail.runs.at(-1);
    const now = `${tone(detail.ticket.status)} ${run?.status === 'running' ? `${run.percent} % ${run.doing}` : ''}`;
    if (now !== last) say(now);
    last = now;
    if (isFinal(detail.ticket.status) || detail.ticket.status === 'in_review') return detail;
    await sleep(1_000);
  }
}

function line({ id, status: state, externalId, title }: Ticket): string {
  return `${id}  ${tone(state).padEnd(18)} ${externalId}  ${title}`;
}

function described({ ticket, runs }: Detail): string {
  const run = runs.at(-1);
  return [
    line(ticket),
    ticket.reason && `  why: ${ticket.reason}`,
    ticket.diagnosis && `  cause: ${ticket.diagnosis.rootCause}: ${ticket.diagnosis.summary}`,
    run && `  cost: ${money(run.spentNanoUsd)} of ${money(run.budgetNanoUsd)}`,
    ticket.pullRequest && `  pull request: ${ticket.pullRequest.url}`,
  ]
    .filter(Boolean)
    .join('\n');
}
