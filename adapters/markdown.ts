import type { StatusText } from '#core/tickets/answer.ts';
import type { Ticket } from '#core/tickets/ticket.ts';

/** What comes from a model or from outside is quoted as code, where neither mentions nor markup work, or escaped. */
export function statusMarkdown(
  { headline, detail, pullRequest, url }: StatusText,
  about?: Pick<Ticket, 'externalId' | 'title'>,
): string {
  const quoted = detail && `\`\`\`text\n${detail.replaceAll('```', "'''")}\n\`\`\``;
  const subject = about && escaped(`${about.externalId}: ${about.title}`);
  return [subject, `**${headline}.**`, pullRequest, quoted, `[Follow it](${url})`]
    .filter(Boolean)
    .join('\n\n');
}

/** Words of which nothing is markup, a mention or a link. */
function escaped(words: string): string {
  return words.replaceAll(/[\\`*_~|<>#[\]()@:]/g, String.raw`\$&`);
}
