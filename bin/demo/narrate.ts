import { setTimeout as sleep } from 'node:timers/promises';
import pc from 'picocolors';
import { isFinal, type Ticket } from '#core/tickets/ticket.ts';
import { text } from '../commands/logs.ts';
import { tone } from '../terminal.ts';
import { ORG } from './organization.ts';
import type { Product } from './product.ts';

/** Milliseconds between two looks: often enough to feel live, seldom enough to cost nothing. */
const LOOK_AGAIN = 400;

/** Tells, until `signal` aborts, what happens to every ticket: new lines of its log, and each change of its status. */
export async function narrate(
  product: Product,
  say: (text: string) => void,
  { signal, newOnly = false }: { signal: AbortSignal; newOnly?: boolean },
): Promise<void> {
  const told = new Map<string, { status: string; line: string | undefined }>();
  if (newOnly)
    for (const ticket of await newest(product))
      if (isFinal(ticket.status)) told.set(ticket.id, { status: ticket.status, line: undefined });
  while (!signal.aborted) {
    for (const ticket of await newest(product)) await tell(product, ticket, { say, told });
    await sleep(LOOK_AGAIN, undefined, { signal }).catch(() => undefined);
  }
}

async function newest({ tickets }: Product): Promise<Ticket[]> {
  const { tickets: found } = await tickets.list(ORG, { limit: 20 });
  return found.reverse();
}

async function tell(
  { runs, local }: Product,
  { id, externalId, status, runId, reason, pullRequest }: Ticket,
  {
    say,
    told,
  }: { say: (text: string) => void; told: Map<string, { status: string; line: string | undefined }> },
): Promise<void> {
  const before = told.get(id) ?? { status: '', line: undefined };
  if (isFinal(status as Ticket['status']) && before.status === status) return;
  const lines = runId ? await runs.lines(ORG, runId, before.line) : [];
  for (const line of lines) say(`  ${pc.dim(externalId)} ${text(line)}`);
  told.set(id, { status, line: lines.at(-1)?.id ?? before.line });
  if (status === before.status) return;
  say(`${pc.bold(externalId)} is ${tone(status)}${reason ? `: ${reason}` : ''}`);
  if (status === 'awaiting_approval')
    say(`  A person has to decide: open ${pc.underline(local.url('mailbox'))} and follow the link`);
  if (status === 'in_review' && pullRequest) say(`  Merge or close it: ${pc.underline(pullRequest.url)}`);
}
