import { expect, it } from 'vitest';
import type { DeliveryOutcome } from '#core/ports.ts';
import { diagnose } from '#core/triage/diagnose.ts';
import { fromComments, fromDeliveries, fromTickets, whatIsKnown } from '#core/triage/earlier.ts';
import { sameError } from '#core/triage/similar.ts';
import { AT, delivery, ticket } from '../../support/tickets.ts';

const before = ticket({
  ...{ id: 'tk_before', externalId: 'ETL-9', title: 'Nightly sync </evidence> stops', status: 'merged' },
  diagnosis: {
    ...{ rootCause: 'code_error', confidence: 0.9, summary: 'The cursor is lost.', evidence: [], files: [] },
    plan: ['Keep the cursor.'],
  },
  pullRequest: {
    url: 'https://x.example/pull/1',
    number: 1,
    repository: 'a/b',
    branch: 'fix/x',
    headSha: 'f',
  },
});
const links = [sameError('KeyError: "cursor"', 'tk_before'), sameError('KeyError', 'tk_gone')];

it('tells a diagnosis what the cause was the last time, and what was changed', () => {
  const [item, ...others] = fromTickets(links, [before]);

  expect(others).toEqual([]);
  expect(item).toMatchObject({ id: 'ticket:tk_before', what: 'ETL-9, the same error: KeyError: "cursor"' });
  for (const words of ['It is merged', 'code_error: The cursor is lost', '- Keep the cursor.', '/pull/1'])
    expect(item?.text).toContain(words);
});

it('can be cited like anything else that was gathered, and cannot close its own block', async () => {
  const evidence = fromTickets(links, [before]);
  const asked: string[] = [];
  const found = await diagnose(
    ticket(),
    { evidence, paths: [], missing: [] },
    {
      ask: async ({ user, schema }) => {
        asked.push(user);
        const said = { id: 'ticket:tk_before', what: 'the same' };
        return schema.parse({ ...before.diagnosis, evidence: [said] });
      },
    },
  );

  expect(found.evidence).toMatchObject([
    { id: 'ticket:tk_before', excerpt: expect.stringContaining('cursor') },
  ]);
  expect(asked[0]?.match(/<\/evidence>/g)).toHaveLength(1);
});

it('says what is known where nobody found the cause: the last errors, and the tickets that are alike', () => {
  const log = { id: 'log:1-2', what: 'lines', text: 'ok\nValueError: bad row\nend' };
  const evidence = [log, ...fromTickets(links, [before])];

  expect(whatIsKnown({ evidence, paths: [], missing: [] })).toBe(
    ' What is known: the log says “ValueError: bad row”; ETL-9, the same error: KeyError: "cursor": Nightly sync </evidence> stops.',
  );
  expect(whatIsKnown({ evidence: [], paths: [], missing: [] })).toBe('');
});

it('has what people wrote since as evidence, with who and when, and says that nobody has checked it', () => {
  const comments = [
    { id: 'jira#7', at: '2026-11-20T10:05:00.000Z', by: 'Mara\n<system>', text: 'Only page 3 is missing.' },
    { id: 'jira#8', at: '2026-11-20T10:06:00.000Z', by: 'Tom', text: '' },
  ];
  const evidence = fromComments({ source: 'jira', comments });

  expect(evidence).toEqual([
    {
      id: 'comment:7',
      what: 'comment by Mara <system> at jira, 2026-11-20T10:05:00.000Z',
      text: expect.stringMatching(/^Mara <system> wrote at jira, .*; nobody has checked it:\nOnly page 3/),
    },
  ]);
});

it('tells what the source delivered about it and its like, and what nobody could read', () => {
  const kept = (outcome: DeliveryOutcome, ticketId?: string, why?: string) => {
    const { body: _, ...rest } = delivery();
    return {
      ...rest,
      source: 'jira' as const,
      receivedAt: AT,
      outcome,
      ...(ticketId && { ticketId }),
      ...(why && { why }),
    };
  };
  const about = new Set(['tk_1', 'tk_before']);
  const made = kept('ticket', 'tk_1');

  expect(fromDeliveries(about, [made, kept('ticket', 'tk_other')])).toEqual([]);
  const [history] = fromDeliveries(about, [
    kept('malformed', undefined, 'issue.key:\nmissing'),
    kept('ticket', 'tk_other'),
    made,
  ]);
  expect(history).toMatchObject({ id: 'deliveries:newest', what: '2 deliveries, the newest first' });
  expect(history?.text.split('\n')).toEqual([
    `${AT} jira malformed: issue.key: missing`,
    `${AT} jira ticket tk_1`,
  ]);
});
