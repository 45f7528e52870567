import type { Draft } from '../tickets/ticket.ts';

/** A ticket as data for a prompt. `<` is written as an escape inside the JSON, so that no text of it can close the block. */
export function ticketBlock(ticket: Draft): string {
  const { externalId, source, title, body, reporter, labels, concerns, type, priority, openedAt, metadata } =
    ticket;
  const told = {
    externalId,
    source,
    title,
    body,
    reporter: reporter.name,
    labels,
    concerns,
    type,
    priority,
    openedAt,
    context: metadata,
  };
  return `<ticket>\n${inert(JSON.stringify(told))}\n</ticket>`;
}

/** Text from outside as one evidence item; a tag inside it cannot end it. */
export function evidenceBlock({ id, text }: { id: string; text: string }): string {
  return `<evidence id="${id.replaceAll(/["<>&\s]/g, '_')}">\n${text.replaceAll(/<(\/?)(evidence|ticket)/gi, '‹$1$2')}\n</evidence>`;
}

function inert(json: string): string {
  return json.replaceAll('<', '\\u003c');
}
