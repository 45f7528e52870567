import { describe, expect, it } from 'vitest';
import type { Ticket } from '#core/tickets/ticket.ts';
import { caughtUp, changeBy, remembered, type Told } from '#core/tickets/told.ts';
import { classification, diagnosis, draft, ticket } from '../../support/tickets.ts';

const at = (minute: number) => `2026-11-20T10:${String(minute).padStart(2, '0')}:00.000Z`;

function told(minute: number, change: Partial<Told> = {}): Told {
  return { org: 'acme', source: 'jira', externalId: 'ETL-142', at: at(minute), by: 'mara', ...change };
}

const pullRequest = {
  ...{ url: 'https://forge.example/acme/tap-orders/pull/7', number: 7, repository: 'acme/tap-orders' },
  ...{ branch: 'signalbox/etl-142', headSha: 'a'.repeat(40) },
};

const edit = (minute: number, title: string) => told(minute, { as: draft({ title }), state: 'open' });
const close = (minute: number) => told(minute, { state: 'closed' });
const says = (minute: number, text: string, change = {}) =>
  told(minute, { comment: { id: 'c1', at: at(minute), by: 'mara', text, isGone: false, ...change } });

/** The ticket after all of it, in the order given. */
const moved = (given: Ticket, ...news: Told[]) => caughtUp(given, news);

describe('news of a ticket', () => {
  it('gives it the newest words, in whatever order they arrive', () => {
    const news = [edit(1, 'one'), edit(2, 'two'), edit(3, 'three')];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [2, 0, 1],
    ]) {
      const sent = order.map((index) => news[index] as Told);

      expect(moved(ticket(), ...sent).title).toBe('three');
    }
  });

  it('changes nothing when it is told again', () => {
    const once = moved(ticket(), edit(1, 'new'), says(2, 'hello'));

    expect(changeBy(once, edit(1, 'new'))).toBeUndefined();
    expect(changeBy(once, says(2, 'hello'))).toBeUndefined();
    expect(changeBy(once, edit(0, 'old'))).toBeUndefined();
  });

  it.each([
    ['received', 'cancelled'],
    ['implementing', 'cancelled'],
    ['awaiting_approval', 'cancelled'],
    ['in_review', 'in_review'],
    ['merged', 'merged'],
    ['escalated', 'cancelled'],
    ['failed', 'cancelled'],
    ['declined', 'declined'],
  ] as const)('of a closing leads from %s to %s', (status, becomes) => {
    expect(moved(ticket({ status }), close(1))).toMatchObject({ status: becomes, atSource: 'closed' });
  });

  it('of a closing keeps why a person was needed, and leaves a pull request to its forge', () => {
    const escalated = ticket({ status: 'escalated', reason: 'No repository is known for it' });

    expect(moved(escalated, close(1)).reason).toBe(
      'mara closed it at the source (jira). It was escalated before: No repository is known for it',
    );
    expect(moved({ ...escalated, pullRequest }, close(1)).status).toBe('escalated');
  });

  it('begins anew when what was closed there is opened again, and only then', () => {
    const reopened = told(2, { state: 'open' });

    expect(moved(ticket(), close(1), reopened)).toMatchObject({ status: 'received', atSource: 'open' });
    expect(moved(ticket({ status: 'cancelled' }), reopened).status).toBe('cancelled');
    expect(moved(ticket({ duplicateOf: 'tk_2' }), close(1), reopened).status).toBe('cancelled');
    expect(moved(ticket({ diagnosis, classification }), close(1), reopened)).toMatchObject({
      diagnosis: undefined,
      classification: undefined,
    });
  });

  it('keeps a comment once, as it was last written, and none that was deleted', () => {
    const texts = (one: Ticket) => one.comments?.map(({ text }) => text);

    expect(texts(moved(ticket(), says(2, 'second'), says(1, 'first')))).toEqual(['second']);
    expect(texts(moved(ticket(), says(1, 'first', { isGone: true }), says(1, 'first')))).toEqual(['']);
  });

  it('keeps the ten newest comments', () => {
    const many = Array.from({ length: 15 }, (_, minute) => says(minute, `${minute}`, { id: `c${minute}` }));

    expect(moved(ticket(), ...many).comments?.map(({ text }) => text)).toEqual([
      '5',
      '6',
      '7',
      '8',
      '9',
      '10',
      '11',
      '12',
      '13',
      '14',
    ]);
  });

  it('that came before the request makes the same ticket as in order', () => {
    const news = [edit(1, 'one'), says(2, 'hello'), edit(3, 'three'), close(4)];
    const early = news.toReversed().reduce<Told[]>((known, one) => remembered(known, one), []);

    expect(caughtUp(ticket(), early)).toEqual(moved(ticket(), ...news));
    expect(caughtUp(ticket(), early)).toMatchObject({ title: 'three', status: 'cancelled' });
  });
});
