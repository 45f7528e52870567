import type { Ticket } from './ticket.ts';

const ADDS: readonly string[] = ['feature', 'enhancement', 'new_integration'];
const LONGEST = 60;

/** The branch of a ticket's change: `fix/ETL-142-short-title`, or `feat/…` for what adds something. The same on every attempt. */
export function branchFor(
  ticket: Pick<Ticket, 'externalId' | 'source' | 'title' | 'classification'>,
): string {
  const kind = ADDS.includes(ticket.classification?.type ?? '') ? 'feat' : 'fix';
  const words = [key(ticket), ...slug(ticket.title).toLowerCase().split('-')].filter(Boolean);
  return `${kind}/${words.reduce(joined)}`;
}

/** Whole words only, as many as fit. */
function joined(start: string, word: string): string {
  return start.length + 1 + word.length <= LONGEST ? `${start}-${word}` : start;
}

/** How people name the ticket: `ETL-142`; a bare number gets its source, since others may count too: `github-7`. */
function key({ externalId, source }: Pick<Ticket, 'externalId' | 'source'>): string {
  const last = slug(externalId.split('#').at(-1) ?? '').slice(0, 30) || 'ticket';
  return /^\d+$/.test(last) ? `${source}-${last}` : last;
}

/** Letters, digits and single hyphens: nothing that a ref name, a shell or a URL reads differently. */
function slug(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}
