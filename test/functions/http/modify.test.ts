import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import type { Approval } from '#core/approvals/approval.ts';
import { brokenAt } from '#core/ledger.ts';
import type { Person } from '#core/people/person.ts';
import type { PolicyDocument } from '#core/policy/policy.ts';
import { approvalApi } from '#functions/http/approval-api.ts';
import { approvals, asking, handClock, NOW } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { agentOf, organization, type Team } from '../../support/organization.ts';
import { send } from '../../support/request.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const clock = handClock();
beforeEach(() => clock.set(NOW));

const MAIL: PolicyDocument['rules'][number] = {
  ...{ id: 'mail', action: 'email.send', risk: 'medium', mode: 'require_approval', approval: 'leads' },
  modifiable: ['/to', '/subject', '/body'],
  limits: { recipients: 2 },
  over_limit: 'deny',
};
const payload = {
  to: ['ann@c.example', 'bob@c.example'],
  subject: 'Prices of next year',
  body: 'They rise by 4 %.',
};

/** A mail that waits; how many it goes to is measured from what is asked. */
async function asked(rule = MAIL, quorum = 1) {
  const leads = { groups: ['eng-leads', 'directors'], quorum, ttl: '4h' };
  const team = await organization([rule], { approvals: { approvers: leads, leads } });
  const facts = { recipients: 2 };
  const { body } = await agentOf(team, clock, facts).propose({ type: 'email.send', payload });
  return { team, facts, approval: await stored(team, body.action_id) };
}

type Given = Awaited<ReturnType<typeof asked>>;

async function stored({ org }: Team, id: string): Promise<Approval> {
  return (await approvals.find(org, id)) as Approval;
}

async function decide({ team, facts }: Given, approval: Approval, who: Person, body: object) {
  const { org, id, email, name, roles } = who;
  const principalOf = async () => ({ via: 'session', org, id, email, name, roles }) as const;
  const { revision, payloadHash: payload_hash } = approval;
  const answer = await send(approvalApi({ ...asking(clock, facts), principalOf }), {
    method: 'POST',
    path: `/v1/approvals/${approval.id}/decision`,
    id: approval.id,
    body: JSON.stringify({ revision, payload_hash, ...body }),
  });
  return {
    status: answer.statusCode,
    body: JSON.parse(answer.body),
    approval: await stored(team, approval.id),
  };
}

const modify = (patch: Record<string, unknown>) => ({ decision: 'modify', patch });

async function chain({ team, approval }: Given) {
  const entries = await approvals.ledger(team.org, approval.id);
  expect(brokenAt(entries)).toBeUndefined();
  return entries.map(({ text }) => JSON.parse(text));
}

describe('changing a request', () => {
  it('to less is the vote of whoever changed it, and what is carried out is the changed one', async () => {
    const given = await asked();
    const { team, facts, approval } = given;
    facts.recipients = 1;
    const { status, approval: after } = await decide(
      given,
      approval,
      team.lea,
      modify({ '/to': ['ann@c.example'] }),
    );
    const redeemed = await agentOf(team, clock, facts).redeem(approval.id);
    const entries = await chain(given);

    expect({ status, after }).toMatchObject({ status: 200, after: { status: 'APPROVED', revision: 2 } });
    expect(redeemed.body.payload).toMatchObject({ ...payload, to: ['ann@c.example'] });
    expect(entries.map(({ type, revision }) => `${type} ${revision}`)).toEqual([
      'PROPOSED 1',
      'MODIFIED 2',
      'DECIDED 2',
      'EXECUTING 2',
    ]);
  });

  it('T24 to something else is a new request, on which whoever wrote it does not decide', async () => {
    const given = await asked();
    const { team, approval } = given;
    const changed = await decide(given, approval, team.lea, modify({ '/body': 'They fall by 4 %.' }));
    const own = await decide(given, changed.approval, team.lea, { decision: 'approve' });
    const other = await decide(given, changed.approval, team.leo, { decision: 'approve' });

    expect(changed).toMatchObject({ status: 202, approval: { status: 'PENDING', revision: 2, votes: [] } });
    expect(own).toMatchObject({ status: 403, body: { error: 'not_eligible' } });
    expect(other).toMatchObject({ status: 200, approval: { status: 'APPROVED' } });
  });

  it('T27 makes a page that was opened before worth nothing', async () => {
    const given = await asked();
    const { team, approval } = given;
    await decide(given, approval, team.lea, modify({ '/body': 'They fall by 4 %.' }));

    expect(await decide(given, approval, team.leo, { decision: 'approve' })).toMatchObject({
      status: 409,
      body: { error: 'changed', message: expect.stringContaining('changed since you looked') },
    });
  });

  it('voids the votes for what it was before, and writes to whoever has to decide again', async () => {
    const given = await asked(MAIL, 2);
    const { team, approval } = given;
    await decide(given, approval, team.leo, { decision: 'approve' });
    const voted = await stored(team, approval.id);
    const { approval: after } = await decide(given, voted, team.lea, modify({ '/subject': 'Prices' }));
    const notices = dynamoNotices('Notices');
    const told = async ({ id }: Person) =>
      Boolean(await notices.find(team.org, `approval_requested#${approval.id}#2#${id}#0`));

    expect(after).toMatchObject({ status: 'PENDING', votes: [{ by: team.lea.id }] });
    expect([await told(team.leo), await told(team.dora), await told(team.lea)]).toEqual([true, true, false]);
  });

  it.each([
    ['a field that is not modifiable', { '/bcc': ['eve@evil.example'] }, 403, '/bcc may not be modified'],
    ['a value that does not fit', { '/to': ['nobody'] }, 400, 'to'],
    ['nothing', { '/subject': payload.subject }, 400, 'Nothing is changed'],
    ['a field of JavaScript', { '/__proto__/x': 1 }, 403, 'may not be modified'],
  ])('refuses %s, and changes nothing', async (_, patch, status, message) => {
    const given = await asked();
    const answer = await decide(given, given.approval, given.team.lea, modify(patch));

    expect(answer).toMatchObject({ status, body: { message: expect.stringContaining(message) } });
    expect(answer.approval).toEqual(given.approval);
  });

  it('is refused when policy denies what comes of it', async () => {
    const given = await asked();
    given.facts.recipients = 3;
    const patch = { '/to': ['a@c.example', 'b@c.example', 'c@c.example'] };

    expect(await decide(given, given.approval, given.team.lea, modify(patch))).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('policy forbids') },
    });
  });

  it('is refused when too few others would be left to decide', async () => {
    const given = await asked(MAIL, 3);

    expect(await decide(given, given.approval, given.team.lea, modify({ '/body': 'No.' }))).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('too few others') },
    });
  });

  it('counts once when five change it at once', async () => {
    const given = await asked();
    const { team, approval } = given;
    const answers = await Promise.all(
      [team.lea, team.leo, team.dora, team.lea, team.leo].map((who, at) =>
        decide(given, approval, who, modify({ '/body': `Text ${at}` })),
      ),
    );

    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect((await chain(given)).filter(({ type }) => type === 'MODIFIED')).toHaveLength(1);
  });
});
