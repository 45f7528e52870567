import type { Handover } from '../runs/run.ts';
import type { Ticket } from '../tickets/ticket.ts';

const ADDS: readonly string[] = ['feature', 'enhancement', 'new_integration'];

/** The message of the one commit that a run makes: the same words for the same change, and none that git could take for a patch. */
export function commitMessage(ticket: Ticket, { summary }: Pick<Handover, 'summary'>): string {
  const kind = ADDS.includes(ticket.classification?.type ?? '') ? 'feat' : 'fix';
  const title = plain(ticket.title).slice(0, 60).trim();
  return `${kind}: ${title}\n\n${wrapped(plain(summary))}\n\nTicket: ${plain(ticket.externalId)}\n`;
}

function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
}

/** Indented, so that no line of it begins like a patch, a trailer or a signature. */
function wrapped(text: string): string {
  return text.replace(/(.{1,90})(?:\s+|$)/g, '  $1\n').trimEnd();
}
