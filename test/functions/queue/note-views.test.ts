import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoPasskeys } from '#adapters/dynamodb/passkeys.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import type { Approval } from '#core/approvals/approval.ts';
import { brokenAt } from '#core/ledger.ts';
import type { Principal } from '#core/people/principal.ts';
import { approvalPages } from '#functions/http/approval-page.ts';
import { notingViews } from '#functions/queue/note-views.ts';
import {
  ANNA,
  approvals,
  asked,
  BEN,
  handClock,
  links,
  NOW,
  ORG,
  URL_,
  vote,
} from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const clock = handClock();
beforeEach(() => clock.set(NOW));

const LATER = new Date(NOW.getTime() + 90_000);
const opening = { org: ORG, approver: ANNA, openedAt: LATER.toISOString() };

/** Tells of a row of the links table, as its stream does. */
async function tell(row: Record<string, string | undefined>, as = approvals): Promise<void> {
  const texts = Object.entries(row).map(([name, text]) => [name, { S: text }]);
  const record = { eventName: 'MODIFY', dynamodb: { NewImage: Object.fromEntries(texts) } };
  await notingViews({ approvals: as })(record as DynamoDBRecord);
}

const story = async ({ id }: Approval) =>
  (await approvals.ledger(ORG, id)).map(({ text }) => JSON.parse(text));

describe('the first view of a request', () => {
  it('is part of its story once, however often it is told', async () => {
    const { approval, hash } = await asked(clock);
    const row = { ...opening, approvalId: approval.id, hash };
    await tell(row);
    await tell(row);
    await tell({ ...row, approver: BEN, openedAt: new Date(LATER.getTime() + 1).toISOString() });
    const entries = await story(approval);

    expect((await approvals.find(ORG, approval.id))?.firstViewedAt).toBe(opening.openedAt);
    expect(entries.map(({ type }) => type)).toEqual(['PROPOSED', 'VIEWED']);
    expect(entries[1]).toMatchObject({
      ...{ at: opening.openedAt, channel: 'email', linkHash: hash },
      actor: { principal: ANNA, auth: 'system' },
    });
    expect(brokenAt(await approvals.ledger(ORG, approval.id))).toBeUndefined();
  });

  it('changes nothing once it is over, and nothing of what is decided', async () => {
    const { approval } = await asked(clock);
    await approvals.decide(ORG, approval.id, vote(approval), NOW);
    const before = await approvals.find(ORG, approval.id);
    await tell({ ...opening, approvalId: approval.id });

    expect(await approvals.find(ORG, approval.id)).toEqual(before);
  });

  it('lets a decision that is made at the same time count, and counts nothing twice', async () => {
    const { approval } = await asked(clock, { quorum: 2 });
    await Promise.all([
      approvals.decide(ORG, approval.id, vote(approval), NOW),
      approvals.decide(ORG, approval.id, vote(approval, { by: BEN }), NOW),
      tell({ ...opening, approvalId: approval.id }),
      tell({ ...opening, approvalId: approval.id, approver: BEN }),
    ]);
    const types = (await story(approval)).map(({ type }) => type);

    expect(types.filter((one) => one === 'DECIDED')).toHaveLength(1);
    expect(types.filter((one) => one === 'VIEWED').length).toBeLessThanOrEqual(1);
  });

  it('comes again when the approval changes all the time', async () => {
    const { approval } = await asked(clock);
    const busy = { ...approvals, take: async () => false };

    await expect(tell({ ...opening, approvalId: approval.id }, busy)).rejects.toMatchObject({
      code: 'Unavailable',
    });
  });

  it.each([
    ['a link that was only made', { openedAt: undefined }],
    ['a request that is gone', { approvalId: 'act_00000000000000000000000000' }],
  ])('is not %s', async (_, change) => {
    const { approval } = await asked(clock);
    await tell({ ...opening, approvalId: approval.id, ...change });

    expect((await approvals.find(ORG, approval.id))?.firstViewedAt).toBeUndefined();
  });
});

describe('the page of somebody who is signed in', () => {
  const looked: string[] = [];
  const noted = { ...links, look: async (view: { approver: string }) => void looked.push(view.approver) };
  beforeEach(() => looked.splice(0));

  async function visit(given: Awaited<ReturnType<typeof asked>>, id: string, method = 'GET') {
    const person: Principal = {
      via: 'session',
      org: ORG,
      id,
      email: 'x@x.example',
      name: 'X',
      roles: ['viewer'],
    };
    const route = approvalPages({
      ...{ approvals, clock, tokens: given.tokens, publicUrl: URL_, links: noted },
      ...{ people: dynamoPeople('People'), passkeys: dynamoPasskeys('People') },
      principalOf: async () => person,
    });
    await send(route, { method, path: `/a/${given.approval.id}`, id: given.approval.id });
  }

  it('notes that whoever may decide looked, and no one else', async () => {
    const given = await asked(clock);
    await visit(given, 'p_stranger');
    await visit(given, ANNA, 'HEAD');
    expect(looked).toEqual([]);
    await visit(given, ANNA);

    expect(looked).toEqual([ANNA]);
  });

  it('is noted once for each person', async () => {
    const view = { org: ORG, approvalId: 'act_00000000000000000000000001', approver: ANNA };
    await links.look({ ...view, at: NOW.toISOString() });
    await links.look({ ...view, at: LATER.toISOString() });

    expect(await links.find(ORG, `view#${view.approvalId}#${ANNA}`).then((row) => row?.openedAt)).toBe(
      NOW.toISOString(),
    );
  });
});

it('a decision keeps when its page was made, for people who ask how long was thought', async () => {
  const { approval } = await asked(clock);
  const shownAt = NOW.toISOString();
  await approvals.decide(ORG, approval.id, vote(approval, { shownAt }), LATER);
  const stored = await approvals.find(ORG, approval.id);

  expect(stored).toMatchObject({ decision: { shownAt }, firstViewedAt: shownAt });
  expect((await story(approval)).at(-1)).toMatchObject({ type: 'DECIDED', shownAt });
});
