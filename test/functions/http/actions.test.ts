import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamo } from '#adapters/aws/clients.ts';
import { revisionKey } from '#adapters/dynamodb/approval-rows.ts';
import { dynamoWaits } from '#adapters/dynamodb/approval-waits.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import type { Approval } from '#core/approvals/approval.ts';
import { castVote } from '#core/approvals/stands.ts';
import { sweep } from '#core/approvals/sweep.ts';
import { noteView } from '#core/approvals/viewed.ts';
import { brokenAt } from '#core/ledger.ts';
import type { Person } from '#core/people/person.ts';
import type { PolicyDocument } from '#core/policy/policy.ts';
import { approvals, asking, handClock, NOW, vote } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { adopt, agentOf, freshKey, organization, people, type Team } from '../../support/organization.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const clock = handClock();
beforeEach(() => clock.set(NOW));

const notices = dynamoNotices('Notices');

const READ = { id: 'read', action: 'repo.read', risk: 'low', mode: 'auto' } as const;
const SLACK: PolicyDocument['rules'][number] = {
  ...{ id: 'slack', action: 'slack.post_message', risk: 'medium', mode: 'auto', approval: 'leads' },
  limits: { channel_members: 50 },
  over_limit: 'require_approval',
};
const post = (text = 'hello') => ({ type: 'slack.post_message', payload: { channel: 'C0123ABCD', text } });
const reading = { type: 'repo.read', payload: { repository: 'acme/tap-orders' } };

const opening = {
  type: 'repo.open_pr',
  payload: { repository: 'acme/tap-orders', base: 'main', branch: 'fix', title: 'Fix', diff: '' },
};

async function stored({ org }: Team, id: string): Promise<Approval> {
  return (await approvals.find(org, id)) as Approval;
}

/** Lea, who was asked, says yes. */
async function approved(team: Team, id: string) {
  const approval = await stored(team, id);
  const outcome = await approvals.decide(team.org, id, vote(approval, { by: team.lea.id }), clock.now());
  expect(outcome.refusal).toBeUndefined();
}

async function entries({ org }: Team, id: string) {
  const chain = await approvals.ledger(org, id);
  expect(brokenAt(chain)).toBeUndefined();
  return chain.map(({ text }) => JSON.parse(text).type);
}

describe('proposing an action', () => {
  it('is let through by policy within its limits, with the rule in the answer and the facts in the ledger', async () => {
    const team = await organization([SLACK]);
    const { status, body } = await agentOf(team, clock, { channel_members: 20 }).propose(post());

    expect({ status, body }).toMatchObject({
      status: 201,
      body: {
        status: 'APPROVED',
        mode: 'auto',
        risk: 'medium',
        revision: 1,
        policy: { rule: 'slack', over: [] },
      },
    });
    expect(await entries(team, body.action_id)).toEqual(['PROPOSED']);
  });

  it('asks people over a limit, and says which', async () => {
    const team = await organization([SLACK]);
    const { body } = await agentOf(team, clock, { channel_members: 2000 }).propose(post());
    const approval = await stored(team, body.action_id);

    expect(body).toMatchObject({ status: 'PENDING', ttl: 4 * 3600 });
    expect(body.policy.over).toEqual([{ fact: 'channel_members', value: '2000', limit: '50' }]);
    expect(approval.approvers.map(({ email }) => email)).toEqual(['lea@x.example', 'leo@x.example']);
  });

  it('takes a fact that could not be measured as over the limit', async () => {
    const team = await organization([SLACK]);
    const { body } = await agentOf(team, clock).propose(post());

    expect(body.policy.over).toEqual([{ fact: 'channel_members', value: 'unknown', limit: '50' }]);
  });

  it('answers the same key with the same action, and refuses it for another request', async () => {
    const team = await organization([READ]);
    const [agent, key] = [agentOf(team, clock), freshKey()];
    const answers = await Promise.all([1, 2, 3].map(() => agent.propose(reading, key)));
    const other = await agent.propose({ ...reading, reason: 'other' }, key);

    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(other).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('Idempotency-Key') },
    });
  });

  it.each([
    ['without a key', reading, '', 'Idempotency-Key'],
    ['with a field that is not known', { ...reading, tenant: 'other' }, freshKey(), 'tenant'],
    ['with a payload that is not of its type', { type: 'repo.read', payload: {} }, freshKey(), 'repository'],
    ['of a plan', { type: 'change_code', payload: {} }, freshKey(), 'change_code'],
  ])('is refused %s, naming it', async (_, body, key, name) => {
    const { status, body: answer } = await agentOf(await organization([READ]), clock).propose(body, key);

    expect(status).toBe(400);
    expect(answer.message).toContain(name);
  });

  it.each([
    ['a key twice', '{"type":"x.y","payload":{"a":1,"a":2}}'],
    ['a key twice, written otherwise', '{"type":"x.y","payload":{"a":1,"\\u0061":2}}'],
    ['an integer beyond 2^53', '{"type":"x.y","payload":{"a":9007199254740993}}'],
    ['a name that JavaScript gives a meaning', '{"type":"x.y","payload":{"__proto__":{"a":1}}}'],
    ['half a character', '{"type":"x.y","payload":{"a":"\\ud800"}}'],
  ])('T28 is refused with %s', async (_, text) => {
    expect(await agentOf(await organization([READ]), clock).propose(text)).toMatchObject({ status: 400 });
  });

  it('T28 keeps apart what only looks alike', async () => {
    const agent = agentOf(await organization([READ]), clock);
    const bodies = ['{"a":"\\u00e9"}', '{"a":"e\\u0301"}', '{"a":-0}', '{}'];
    const answers = await Promise.all(bodies.map((one) => agent.propose(`{"type":"x.y","payload":${one}}`)));

    expect(new Set(answers.map(({ body }) => body.payload_hash)).size).toBe(bodies.length);
  });

  it('T29 puts an unknown kind before people at high risk, and does not put it into words', async () => {
    const team = await organization([{ ...READ, action: 'x.*' }]);
    const { body } = await agentOf(team, clock).propose({
      type: 'x.y',
      payload: { to: 'all' },
      reason: 'send to Bob',
    });
    const approval = await stored(team, body.action_id);

    expect(approval).toMatchObject({
      status: 'PENDING',
      risk: 'high',
      claim: 'send to Bob',
      auths: ['passkey'],
    });
    expect(approval.headline).toContain('cannot be summarised');
  });

  it('T24 never asks the owner of the key that asks', async () => {
    const leads = { groups: ['eng-leads', 'leads'], ttl: '4h' };
    const team = await organization([], { approvals: { approvers: leads } });
    const { body } = await agentOf(team, clock).propose(reading);
    const approval = await stored(team, body.action_id);

    expect(approval.approvers.map(({ id }) => id)).not.toContain(team.olga.id);
    expect(approval.conflicts).toEqual(['key:k1', team.olga.id]);
  });

  it('denies from the start what too few people could ever agree to', async () => {
    const team = await organization([], {
      approvals: { approvers: { groups: ['eng-leads'], quorum: 3, ttl: '1h' } },
    });
    const { body } = await agentOf(team, clock).propose(reading);

    expect(body).toMatchObject({
      status: 'DENIED_BY_POLICY',
      policy: { rule: 'default, platform.too_few_people' },
    });
  });

  it('T39 takes twenty requests in a minute from one agent, and the next one in the next', async () => {
    const agent = agentOf(await organization([READ]), clock);
    const answers = [];
    for (let count = 0; count < 30; count += 1) answers.push((await agent.propose(reading)).status);
    clock.set(new Date(NOW.getTime() + 60_000));

    expect(answers.filter((status) => status === 201)).toHaveLength(20);
    expect(answers.slice(20)).toEqual(Array(10).fill(429));
    expect(await agent.propose(reading)).toMatchObject({ status: 201 });
  });

  it('T40 lets ten of $4.99 through on a budget of $50 a day, in a race too, and asks about the eleventh', async () => {
    const rule = { ...SLACK, action: 'repo.open_pr', limits: { cost_usd: 5 } };
    const budgets = [{ metric: 'cost_usd', window: '24h', limit: 50, over: 'require_approval' }] as const;
    const team = await organization([rule], { budgets: [...budgets] });
    const agent = agentOf(team, clock, { cost_usd: 4.99 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => agent.propose(opening)));
    const auto = answers.filter(({ body }) => body.mode === 'auto');
    clock.set(new Date(NOW.getTime() + 26 * 3600_000));

    expect(auto).toHaveLength(10);
    expect(answers.filter(({ body }) => body.mode === 'require_approval')).toHaveLength(2);
    expect((await agent.propose(opening)).body.mode).toBe('auto');
  });
});

describe('who is asked', () => {
  const group = (groups: string[], more = {}) => ({ approvers: { groups, ttl: '4h', ...more } });
  const until = new Date(NOW.getTime() + 86_400_000).toISOString();
  const told = async ({ org }: Team, id: string, person: Person) =>
    Boolean(await notices.find(org, `approval_requested#${id}#1#${person.id}#0`));

  it('are those who come in later, at once, when too few are here; and it says so', async () => {
    const escalate = [{ after: '1h', groups: ['directors'] }];
    const team = await organization([], { approvals: group(['eng-leads'], { quorum: 2, escalate }) });
    await people.change(team.org, team.leo.id, { awayUntil: until });
    const { body } = await agentOf(team, clock).propose(reading);

    expect(body.policy.rule).toContain('platform.too_few_are_here');
    expect((await stored(team, body.action_id)).approvers.map(({ id }) => id)).toContain(team.dora.id);
    expect(await told(team, body.action_id, team.leo)).toBe(false);
    expect(await told(team, body.action_id, team.dora)).toBe(true);
  });

  it('are told of it in the place of somebody who is away, and decide in that place', async () => {
    const team = await organization([{ ...READ, risk: 'medium', mode: 'require_approval' }], {
      approvals: group(['directors']),
    });
    const delegation = {
      org: team.org,
      id: 'del_1',
      from: team.dora.id,
      to: team.lea.id,
      action: '*',
      maxRisk: 'medium',
    } as const;
    const at = NOW.toISOString();
    await people.delegate({ ...delegation, startsAt: at, endsAt: until, createdAt: at });
    await people.change(team.org, team.dora.id, { awayUntil: until });
    const { body } = await agentOf(team, clock).propose(reading);
    const approval = await stored(team, body.action_id);
    const inPlace = { by: team.lea.id, onBehalfOf: team.dora.id, delegation: 'del_1' };
    const outcome = await approvals.decide(team.org, approval.id, vote(approval, inPlace), NOW);

    expect(await told(team, approval.id, team.lea)).toBe(true);
    expect(await told(team, approval.id, team.dora)).toBe(false);
    expect(outcome.approval.status).toBe('APPROVED');
  });

  it('T24 includes whoever asked only where policy lets people decide for themselves', async () => {
    const self = { owner: { groups: ['requesters'], ttl: '1h', self_approval: true } };
    const rule = { ...READ, risk: 'medium', mode: 'ask', approval: 'owner' } as const;
    const team = await organization([rule], { approvals: { ...group(['eng-leads']), ...self } });
    const { body } = await agentOf(team, clock).propose(reading);
    const approval = await stored(team, body.action_id);
    const own = vote(approval, { by: team.olga.id });

    expect(approval).toMatchObject({ mode: 'ask', approvers: [{ id: team.olga.id }] });
    expect((await approvals.decide(team.org, approval.id, own, NOW)).approval.status).toBe('APPROVED');
  });
});

describe('reminding', () => {
  const rule = { ...READ, risk: 'medium', mode: 'require_approval', approval: 'leads' } as const;
  const leads = {
    ...{ groups: ['eng-leads'], quorum: 2, ttl: '8h', remind: ['30m', '2h'] },
    escalate: [{ after: '3h', groups: ['directors'] }],
  };
  const swept = async (minutes: number) => {
    clock.set(new Date(NOW.getTime() + minutes * 60_000));
    const machines = { succeed: async () => true };
    await sweep({
      ...asking(clock),
      waits: dynamoWaits('ApprovalWaits'),
      runs: dynamoRuns('Runs'),
      machines,
    });
  };

  it('is done once per moment to those who have not decided, then asks more people, and takes no vote away', async () => {
    const team = await organization([rule], { approvals: { approvers: leads, leads } });
    const { body } = await agentOf(team, clock).propose(reading);
    const id = body.action_id as string;
    await approved(team, id);
    const reminder = async (number: number, { id: person }: Person) =>
      Boolean(await notices.find(team.org, `approval_reminder#${id}#1#${person}#${number}`));
    for (const minutes of [29, 31, 32, 32]) await swept(minutes);
    expect(await entries(team, id)).toEqual(['PROPOSED', 'VOTED', 'REMINDED']);
    expect([await reminder(0, team.leo), await reminder(0, team.lea)]).toEqual([true, false]);
    await swept(181);
    const after = await stored(team, id);

    expect(await entries(team, id)).toEqual(['PROPOSED', 'VOTED', 'REMINDED', 'ESCALATED']);
    expect(after).toMatchObject({ ticks: 3, votes: [{ by: team.lea.id }], quorum: 2 });
    expect(after.approvers.map((one) => one.id)).toContain(team.dora.id);
    expect(await notices.find(team.org, `approval_requested#${id}#1#${team.dora.id}#0`)).toBeDefined();
  });

  it('ends a question that nobody decided, and leaves what was done at its time', async () => {
    const team = await organization([rule], { approvals: { approvers: leads, leads } });
    const { body } = await agentOf(team, clock).propose(reading);
    await swept(8 * 60 + 1);
    await swept(9 * 60);

    expect(await entries(team, body.action_id)).toEqual(['PROPOSED', 'EXPIRED']);
  });
});

describe('another request in the place of one', () => {
  it('T27 ends the first, whose page then says so, and is asked about on its own', async () => {
    const team = await organization([SLACK]);
    const agent = agentOf(team, clock, { channel_members: 2000 });
    const first = (await agent.propose(post())).body.action_id as string;
    const key = freshKey();
    const again = { ...post('hello again'), supersedes: first };
    const before = await stored(team, first);
    const [second, repeated] = [await agent.propose(again, key), await agent.propose(again, key)];
    const late = await approvals.decide(team.org, first, vote(before, { by: team.lea.id }), NOW);

    expect(second).toMatchObject({ status: 201, body: { status: 'PENDING' } });
    expect(repeated).toEqual(second);
    expect(late.refusal).toMatchObject({
      error: 'changed',
      message: expect.stringContaining('changed since you looked'),
    });
    expect(await entries(team, first)).toEqual(['PROPOSED', 'SUPERSEDED']);
  });

  it('is refused for a request that is another’s, or is decided', async () => {
    const [team, other] = [await organization([SLACK]), await organization([SLACK])];
    const agent = agentOf(team, clock, { channel_members: 2000 });
    const { body } = await agent.propose(post());
    const again = { ...post(), supersedes: body.action_id };
    expect(await agentOf(other, clock).propose(again)).toMatchObject({ status: 404 });
    await approved(team, body.action_id);
    expect(await agent.propose(again)).toMatchObject({ status: 409 });
  });
});

describe('carrying out what was approved', () => {
  async function pending(facts: Record<string, unknown> = { channel_members: 2000, external: false }) {
    const team = await organization([SLACK]);
    const agent = agentOf(team, clock, facts);
    const { body } = await agent.propose(post());
    return { team, agent, facts, id: body.action_id as string };
  }

  it('hands over the bytes that were approved, once, and takes the result', async () => {
    const { team, agent, id } = await pending();
    expect(await agent.redeem(id)).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('decided') },
    });
    await approved(team, id);
    const key = freshKey();
    const [first, again, other] = [
      await agent.redeem(id, key),
      await agent.redeem(id, key),
      await agent.redeem(id),
    ];

    expect(first).toMatchObject({ status: 200, body: { payload: post().payload, status: 'EXECUTING' } });
    expect(again).toEqual(first);
    expect(other.status).toBe(409);
    expect(await agent.result(id, 'done')).toMatchObject({ status: 200, body: { status: 'EXECUTED' } });
    expect(await agent.result(id, 'done')).toMatchObject({ status: 200 });
    expect(await agent.result(id, 'failed')).toMatchObject({ status: 409 });
    expect(await agent.redeem(id)).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('do not do it again') },
    });
    expect(await entries(team, id)).toEqual(['PROPOSED', 'DECIDED', 'EXECUTING', 'EXECUTED']);
  });

  it('T36 is taken up by one of fifty at once', async () => {
    const { team, agent, id } = await pending();
    await approved(team, id);
    const answers = await Promise.all(Array.from({ length: 50 }, () => agent.redeem(id)));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await entries(team, id)).filter((type) => type === 'EXECUTING')).toHaveLength(1);
  });

  it('T36 is left unknown for a person when nobody says what came of it', async () => {
    const { team, agent, id } = await pending();
    await approved(team, id);
    await agent.redeem(id);
    clock.set(new Date(NOW.getTime() + 16 * 60_000));

    expect(await agent.redeem(id)).toMatchObject({ status: 410 });
    expect(await stored(team, id)).toMatchObject({ status: 'EXEC_UNKNOWN' });
  });

  it('lapses when it is not taken up in time', async () => {
    const { team, agent, id } = await pending();
    await approved(team, id);
    clock.set(new Date(NOW.getTime() + 25 * 3600_000));

    expect(await agent.redeem(id)).toMatchObject({ status: 410 });
    expect(await entries(team, id)).toEqual(['PROPOSED', 'DECIDED', 'LAPSED']);
  });

  it('T26 is stopped when the stored bytes are not those that were approved', async () => {
    const { team, agent, id } = await pending();
    await approved(team, id);
    const Item = { ...revisionKey(team.org, id, 1), payload: '{"channel":"CEVIL","text":"hello"}' };
    await dynamo().send(new PutCommand({ TableName: 'Approvals', Item }));

    expect(await agent.redeem(id)).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('not what was approved') },
    });
    expect(await stored(team, id)).toMatchObject({ status: 'EXEC_BLOCKED' });
  });

  it('T37 is stopped by a policy that has become stricter, and not by one that has become looser', async () => {
    const [tight, loose] = [await pending(), await pending()];
    for (const { team, id } of [tight, loose]) await approved(team, id);
    await adopt(
      tight.team.org,
      { ...tight.team.document, rules: [{ ...READ, id: 'no', action: 'slack.*', mode: 'deny' }] },
      1,
    );
    await adopt(loose.team.org, { ...loose.team.document, rules: [{ ...SLACK, limits: {} }] }, 1);

    expect(await tight.agent.redeem(tight.id)).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('policy') },
    });
    expect(await loose.agent.redeem(loose.id)).toMatchObject({ status: 200 });
  });

  it.each([
    ['grown from 2,000 to 9,000', { channel_members: 9000 }, 409],
    ['grown by a twentieth', { channel_members: 2100 }, 200],
    ['shrunk', { channel_members: 3 }, 200],
    ['not measurable any more', { channel_members: undefined }, 409],
    ['opened to others', { external: true }, 409],
  ])('T38 is compared with the facts at approval: a channel that has %s', async (_, change, status) => {
    const { team, agent, facts, id } = await pending();
    await approved(team, id);
    Object.assign(facts, change);

    expect(await agent.redeem(id)).toMatchObject({ status });
  });

  it('is nobody else’s, and another organization does not know of it', async () => {
    const { team, id } = await pending();
    await approved(team, id);
    const stranger = await organization([SLACK]);

    expect(await agentOf(stranger, clock).redeem(id)).toMatchObject({ status: 404 });
    expect(await agentOf({ ...team, olga: team.leo }, clock).result(id, 'done')).toMatchObject({
      status: 409,
    });
  });
});

describe('a policy that becomes stricter while a question waits', () => {
  it('T37 withdraws it at the next press, says so, and asks nobody to press again', async () => {
    const team = await organization([SLACK]);
    const { body } = await agentOf(team, clock, { channel_members: 2000 }).propose(post());
    await adopt(team.org, { ...team.document, rules: [{ ...SLACK, limits: {}, risk: 'high' }] }, 1);
    const approval = await stored(team, body.action_id);
    const press = { org: team.org, id: approval.id, vote: vote(approval, { by: team.lea.id }) };
    const outcome = await castVote(press, asking(clock));
    const again = await castVote(press, asking(clock));

    expect(outcome.refusal).toMatchObject({ error: 'invalidated' });
    expect(again.refusal).toMatchObject({ error: 'invalidated', status: 'INVALIDATED' });
    expect(await entries(team, approval.id)).toEqual(['PROPOSED', 'INVALIDATED']);
  });

  it('T37 withdraws it also when somebody opens it at that moment', async () => {
    const team = await organization([SLACK]);
    const { body } = await agentOf(team, clock, { channel_members: 2000 }).propose(post());
    await adopt(team.org, { ...team.document, rules: [{ ...SLACK, limits: {}, risk: 'high' }] }, 1);
    const approval = await stored(team, body.action_id);
    const needs = asking(clock);
    const viewing = {
      org: team.org,
      approvalId: approval.id,
      by: team.lea.id,
      at: clock.now().toISOString(),
    };
    const take: typeof needs.approvals.take = async (before, step) => {
      await noteView(viewing, needs);
      return needs.approvals.take(before, step);
    };
    const press = { org: team.org, id: approval.id, vote: vote(approval, { by: team.lea.id }) };
    const outcome = await castVote(press, { ...needs, approvals: { ...needs.approvals, take } });

    expect(outcome.refusal).toMatchObject({ error: 'invalidated' });
    expect(await entries(team, approval.id)).toEqual(['PROPOSED', 'VIEWED', 'INVALIDATED']);
  });
});
