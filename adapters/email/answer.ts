import { happeningOf, type Room } from '#core/preferences.ts';
import type { Channel } from '#core/tickets/answer.ts';
import { cut, oneLine } from '#core/tickets/text.ts';
import { type Mail, render } from './render.ts';

/** A mail for each status that the room wants to hear of, once: what was mailed cannot be edited. */
export function emailRoom(
  { to, when }: Pick<Room, 'to' | 'when'>,
  send: (to: string, mail: Mail) => Promise<void>,
): Channel {
  return {
    say: async (ticket, { headline, detail, pullRequest, url }, said) => {
      const { org, id, externalId, title, status, updatedAt: at } = ticket;
      if (said?.text === status || !when.includes(happeningOf(status))) return said;
      const notice = {
        ...{ org, id, kind: 'ticket_closed' as const, to: [to], at },
        subject: cut(oneLine(`${externalId}: ${headline}`, 200), 150),
        paragraphs: [oneLine(title, 300), `${headline}.`, ...(detail ? [detail] : [])],
        facts: pullRequest ? [{ name: 'Pull request', value: pullRequest }] : [],
        link: { label: 'Open the ticket', url },
      };
      await send(to, render(notice, undefined));
      return { ref: id, text: status };
    },
  };
}
