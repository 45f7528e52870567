import { describe, expect, it } from 'vitest';
import { adapt, LABELS_NEEDED, type Learned, succeeding, taughtBy } from '#core/triage/adapt.ts';
import { guess } from '#core/triage/classifier.ts';
import type { Correction } from '#core/triage/correction.ts';
import { embedded } from '#core/triage/embedded.ts';
import { habitsOf, priorityByHabit, repositoryByHabit } from '#core/triage/habits.ts';
import { AT, PROJECT } from '../../support/tickets.ts';

function correction(at: number, change: Partial<Correction> = {}): Correction {
  return {
    org: 'acme',
    ticketId: `tk_${String(at).padStart(4, '0')}`,
    version: 1,
    at: AT,
    by: 'p_1',
    before: {},
    after: {},
    title: '',
    body: '',
    words: [],
    ...change,
  };
}

/** In this organization a bug is a “Störung” and a wish a “Wunsch”, which nobody told the classifier. */
const NAMES = { bug: 'Störung', feature: 'Wunsch', question: 'Rückfrage' } as const;
const TOPICS = ['Bestellungen', 'Lager', 'Kunden', 'Rechnungen', 'Versand', 'Artikel', 'Preise'];
const own = (count: number) =>
  Array.from({ length: count }, (_, at) => {
    const type = (['bug', 'feature', 'question'] as const)[at % 3] ?? 'bug';
    return correction(at, { after: { type }, title: `${NAMES[type]}: ${TOPICS[at % 7]} ${at}` });
  });

const learnedFrom = (corrections: Correction[]): Learned => ({
  ...adapt(corrections, embedded()).learned,
  version: 1,
  at: AT,
});

describe('the classifier', () => {
  it('refuses to learn from too few, and says how many it takes', () => {
    const lesson = adapt(own(LABELS_NEEDED - 1), embedded());

    expect(lesson.refused).toEqual([expect.stringContaining('29 of the 30')]);
    expect(taughtBy(embedded(), { ...lesson.learned, version: 1, at: AT })).toEqual(embedded());
  });

  it('learns how this organization speaks, and is surer on what it was not taught', () => {
    const { before, after, refused } = adapt(own(90), embedded());
    const ticket = { title: 'Störung: Zahlungen fehlen', body: '' };
    const taught = guess(ticket, taughtBy(embedded(), learnedFrom(own(90))));

    expect(after?.accuracy).toBeGreaterThan((before?.accuracy ?? 1) + 0.2);
    expect(after?.coverage).toBeGreaterThan(0.5);
    expect(refused).toEqual([]);
    expect(taught).toMatchObject({ kind: 'bug', isSure: true });
    expect(guess(ticket, embedded()).isSure).toBe(false);
  });

  it('takes nothing that is no better on what it was not taught', () => {
    const noise = own(60).map((one) => ({ ...one, title: 'All the same', body: '' }));
    const lesson = adapt(noise, embedded());

    expect(lesson.learned.rows).toEqual([]);
    expect(lesson.refused[0]).toContain('no better');
    const before = learnedFrom(own(90));
    expect(succeeding(lesson, before)).toMatchObject({ rows: before.rows, labels: 60 });
  });

  it('believes the last word about a ticket', () => {
    const wrong = own(60).map((one) => ({
      ...one,
      at: '2026-11-19T10:00:00.000Z',
      after: { type: 'task' as const },
    }));

    expect(adapt([...wrong, ...own(60)], embedded())).toEqual(adapt(own(60), embedded()));
  });

  it('is small enough for an item of the table', () => {
    const long = own(60).map((one, at) => ({
      ...one,
      body: Array.from({ length: 400 }, (_, word) => `wort${(word * 7 + at) % 999}`).join(' '),
    }));

    expect(JSON.stringify(learnedFrom(long)).length).toBeLessThan(200_000);
  });
});

describe('habits', () => {
  const said = { labels: ['Billing'], concerns: [] };
  const about = (at: number, repository: string) =>
    correction(at, { words: ['billing'], after: { repository, priority: 'high' } });
  const agreeing = [about(1, 'acme/tap-orders'), about(2, 'acme/tap-orders')];

  it('mean what corrections agree on, twice', () => {
    const habits = habitsOf(agreeing);

    expect(repositoryByHabit(said, [PROJECT], habits)).toMatchObject({
      value: { repository: { fullName: 'acme/tap-orders' } },
      reason: expect.stringContaining('“billing”'),
    });
    expect(priorityByHabit(said, habits)?.value).toBe('high');
  });

  it('mean nothing after one, nor when corrections disagree', () => {
    expect(habitsOf(agreeing.slice(1))).toEqual({});
    expect(habitsOf([...agreeing, about(3, 'acme/target-ledger')]).billing).toEqual({ priority: 'high' });
  });

  it('is no habit that is merely a name every object has', () => {
    expect(
      priorityByHabit({ labels: ['constructor'], concerns: ['__proto__'] }, habitsOf(agreeing)),
    ).toBeUndefined();
  });
});
