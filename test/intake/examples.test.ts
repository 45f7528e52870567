import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { isKnown } from '#core/tickets/sources/github-events.ts';
import { Source } from '#core/tickets/ticket.ts';
import { type LocalAws, localAws } from '../support/aws.ts';
import { ERP, GITHUB, jiraPayloads, type Payload } from './payloads.ts';
import { connect, NOW, post, textOf, tickets } from './post.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
  await connect('acme');
});
afterAll(() => aws.stop());

const all: Payload[] = [...GITHUB, ...jiraPayloads(NOW.getTime()), ...ERP];

it('makes a ticket, an update, an event or a documented ignore of every example, and keeps each', async () => {
  const outcomes = new Map<string, Set<string>>();
  for (const [at, payload] of all.entries()) {
    const { source, event } = payload;
    const answer = await post({ org: 'acme', source, id: `d-${at}`, event, text: textOf(payload) });
    const name =
      `${source} ${event ?? (payload.body as { webhookEvent?: string }).webhookEvent ?? ''}`.trim();
    const found = await dynamoDeliveries('Deliveries').find('acme', Source.parse(source), `d-${at}`);
    // The collection has some examples twice: the second is known by its bytes, and changes nothing.
    const outcome = found?.kept.outcome ?? 'repeated';
    expect([answer.statusCode, name, at]).toEqual([
      answer.statusCode < 300 ? answer.statusCode : 0,
      name,
      at,
    ]);
    outcomes.set(name, (outcomes.get(name) ?? new Set()).add(outcome));
  }
  const seen = (name: string) => [...(outcomes.get(name) ?? [])];

  expect(GITHUB.length).toBeGreaterThan(300);
  expect(seen('github issues')).toEqual(expect.arrayContaining(['ticket', 'update']));
  expect(seen('github issue_comment')).not.toContain('malformed');
  expect(seen('github push')).toEqual(['ignored']);
  expect(seen('jira jira:issue_created')).toEqual(['ticket']);
  expect(seen('jira comment_created')).toEqual(['update']);
  expect([...outcomes.values()].some((one) => one.has('malformed'))).toBe(false);
  expect((await tickets.list('acme', { limit: 100 })).tickets.length).toBeGreaterThan(2);
});

it('says of every event of GitHub why nothing follows from it', () => {
  const unknown = GITHUB.map(({ event = '' }) => event).filter((event) => !isKnown(event));

  expect(unknown).toEqual([]);
});
