import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoWaits } from '#adapters/dynamodb/approval-waits.ts';
import type { Approval } from '#core/approvals/approval.ts';
import { carryOutAction } from '#core/approvals/carry-out.ts';
import { castVote } from '#core/approvals/stands.ts';
import { brokenAt } from '#core/ledger.ts';
import type { Person } from '#core/people/person.ts';
import { freezeRoutes } from '#functions/http/freeze.ts';
import { policyRoutes } from '#functions/http/policy.ts';
import { dispatching } from '#functions/queue/dispatch-decision.ts';
import { approvals, asking, handClock, links, NOW, vote } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { agentOf, organization, people, policies, type Team } from '../../support/organization.ts';
import { send } from '../../support/request.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const clock = handClock();
beforeEach(() => clock.set(NOW));

const needs = { ...asking(clock), policies };

/** An organization with an admin and two approvers, whose repositories are read after somebody agreed. */
async function team() {
  const made = await organization([
    { id: 'read', action: 'repo.read', risk: 'medium', mode: 'require_approval', approval: 'leads' },
  ]);
  await people.change(made.org, made.olga.id, { roles: ['admin'] });
  for (const one of [made.lea, made.leo]) await people.change(made.org, one.id, { roles: ['approver'] });
  return { ...made, olga: { ...made.olga, roles: ['admin' as const] } };
}

const file = (org: string, mode: string) => `version: 1
tenant: ${org}
default: { mode: require_approval, risk: high, approval: leads }
approvals: { leads: { groups: [eng-leads], ttl: 4h } }
rules: [{ id: read, action: repo.read, risk: low, mode: ${mode} }]
`;

async function call(
  { org, olga }: Team,
  { body, by = olga, method = 'POST' }: { body?: object; by?: Person; method?: string },
) {
  const { id, email, name, roles } = by;
  const principalOf = async () => ({ via: 'session', org, id, email, name, roles }) as const;
  const answer = await send(policyRoutes({ ...needs, principalOf }), {
    method,
    path: '/v1/policy',
    body: JSON.stringify(body),
  });
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

async function stored({ org }: Team, id: string): Promise<Approval> {
  return (await approvals.find(org, id)) as Approval;
}

/** Lea and Leo agree, each with a passkey. */
async function agreed(of: Team, id: string) {
  for (const by of [of.lea.id, of.leo.id]) {
    const outcome = await approvals.decide(
      of.org,
      id,
      vote(await stored(of, id), { by, auth: 'passkey' }),
      NOW,
    );
    expect(outcome.refusal).toBeUndefined();
  }
}

/** What the dispatcher makes of the approval's row, as its stream shows it. */
async function dispatched(of: Team, id: string) {
  const { org, type, status } = await stored(of, id);
  const sent: { org: string; id: string }[] = [];
  const image = { org: { S: org }, id: { S: id }, type: { S: type }, status: { S: status } };
  const machines = { succeed: async () => true };
  const dispatch = dispatching({
    approvals,
    waits: dynamoWaits('ApprovalWaits'),
    machines,
    carryOut: async (one) => void sent.push(one),
  });
  await dispatch({ dynamodb: { NewImage: image } } as DynamoDBRecord);
  return sent;
}

describe('a policy', () => {
  it('holds once two others have agreed with their passkeys, and what it is looser about was shown to them', async () => {
    const of = await team();
    const agent = agentOf(of, clock);
    const reading = { type: 'repo.read', payload: { repository: 'acme/tap-orders' } };
    expect((await agent.propose(reading)).body.mode).toBe('require_approval');
    const { status, body } = await call(of, { body: { text: file(of.org, 'auto') } });
    const asked = await stored(of, body.action_id);
    expect(await dispatched(of, asked.id)).toEqual([]);
    await agreed(of, asked.id);
    const [message] = await dispatched(of, asked.id);
    for (const _ of [1, 2]) await carryOutAction(message as never, needs);
    const chain = await approvals.ledger(of.org, asked.id);

    expect({ status, body }).toMatchObject({
      status: 201,
      body: { status: 'PENDING', risk: 'high', replayed: 1 },
    });
    expect(body.looser[0]).toMatch(/^repo\.read \(act_\w+\): require_approval → auto/);
    expect(asked).toMatchObject({ quorum: 2, auths: ['passkey'], conflicts: [of.olga.id] });
    expect(brokenAt(chain)).toBeUndefined();
    expect(chain.map(({ text }) => JSON.parse(text).type)).toEqual([
      'PROPOSED',
      'VOTED',
      'DECIDED',
      'EXECUTING',
      'EXECUTED',
    ]);
    expect((await policies.active(of.org)).version).toBe(2);
    expect((await agent.propose(reading)).body.mode).toBe('auto');
  });

  it('that another one has overtaken is not activated, and says so', async () => {
    const of = await team();
    const [one, other] = [
      await call(of, { body: { text: file(of.org, 'auto') } }),
      await call(of, { body: { text: file(of.org, 'deny') } }),
    ];
    for (const { body } of [one, other]) await agreed(of, body.action_id);
    for (const { body } of [other, one]) await carryOutAction({ org: of.org, id: body.action_id }, needs);

    expect(await stored(of, other.body.action_id)).toMatchObject({ status: 'EXECUTED' });
    expect(await stored(of, one.body.action_id)).toMatchObject({ status: 'EXEC_FAILED' });
    expect((await policies.stored(of.org)).text).toContain('mode: deny');
  });

  it('goes on after a death between its activation and the report of it', async () => {
    const of = await team();
    const { body } = await call(of, { body: { text: file(of.org, 'auto') } });
    await agreed(of, body.action_id);
    const action = { org: of.org, id: body.action_id };
    const dies = { ...needs, approvals: { ...approvals, take: diesAt(2) } };
    await expect(carryOutAction(action, dies)).rejects.toThrow('killed');
    await carryOutAction(action, needs);

    expect(await stored(of, body.action_id)).toMatchObject({ status: 'EXECUTED' });
    expect((await policies.active(of.org)).version).toBe(2);
  });

  it('is not proposed by whoever is no admin, nor by the general door', async () => {
    const of = await team();
    const text = file(of.org, 'auto');
    const update = { type: 'policy.update', payload: { text } };

    expect(await call(of, { body: { text }, by: of.lea })).toMatchObject({ status: 403 });
    expect(await agentOf(of, clock).propose(update)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('POST /v1/policy') },
    });
  });

  it.each([
    ['of another organization', file('other', 'auto'), 'tenant'],
    ['that is not YAML', 'version: [', '1:'],
    ['with a word that is meant otherwise', 'version: 1\ntenant: x\nrulez: []\n', 'rules'],
  ])('%s is refused with the place of the error', async (_, text, words) => {
    const { status, body } = await call(await team(), { body: { text } });

    expect(status).toBe(400);
    expect(body.message).toContain(words);
  });

  it('is shown as a file, also the one that nobody wrote', async () => {
    const of = await team();
    const { body } = await call(of, { method: 'GET' });
    const again = await call(of, { body: { text: body.text } });

    expect(body).toMatchObject({ version: 1 });
    expect(again).toMatchObject({ status: 409, body: { message: expect.stringContaining('holds already') } });
  });
});

describe('a freeze', () => {
  const call = async ({ org }: Team, who: Person, method: string, reason = 'It posts nonsense') => {
    const { id, email, name, roles } = who;
    const principalOf = async () => ({ via: 'session', org, id, email, name, roles }) as const;
    const body = JSON.stringify({ reason });
    const answer = await send(freezeRoutes({ ...needs, principalOf }), { method, path: '/v1/freeze', body });
    return { status: answer.statusCode, body: JSON.parse(answer.body) };
  };
  const reading = { type: 'repo.read', payload: { repository: 'acme/tap-orders' } };

  it('stops what policy lets through, before it is proposed and after, until two others have agreed to its end', async () => {
    const of = await organization([{ id: 'read', action: 'repo.read', risk: 'low', mode: 'auto' }]);
    for (const one of [of.lea, of.leo]) await people.change(of.org, one.id, { roles: ['approver'] });
    const agent = agentOf(of, clock);
    const before = (await agent.propose(reading)).body.action_id;
    expect(await call(of, of.olga, 'POST')).toMatchObject({ status: 200, body: { frozen: true } });
    expect(await agent.redeem(before)).toMatchObject({ status: 409 });
    expect((await agent.propose(reading)).body).toMatchObject({
      status: 'PENDING',
      policy: { rule: 'platform.freeze' },
    });
    const { body } = await call(of, of.olga, 'DELETE');
    await agreed(of, body.action_id);
    await carryOutAction({ org: of.org, id: body.action_id }, needs);

    expect(await stored(of, body.action_id)).toMatchObject({ status: 'EXECUTED' });
    expect((await agent.propose(reading)).body.mode).toBe('auto');
    expect(await call(of, of.olga, 'DELETE')).toMatchObject({ status: 409 });
  });

  it.each([
    ['code', 'PENDING', 'link_revoked'],
    ['session', 'APPROVED', undefined],
    ['passkey', 'APPROVED', undefined],
  ] as const)(
    'T11 withdraws a link, and leaves whoever came by it and proves %s',
    async (auth, status, error) => {
      const of = await organization([
        { id: 'read', action: 'repo.read', risk: 'low', mode: 'require_approval' },
      ]);
      const { body } = await agentOf(of, clock).propose(reading);
      const approval = await stored(of, body.action_id);
      const { org } = of;
      const { id: approvalId, revision, expiresAt } = approval;
      const link = {
        org,
        hash: 'cd'.repeat(32),
        approvalId,
        revision,
        approver: of.lea.id,
        round: 0,
        expiresAt,
      };
      await links.issue(link);
      await call(of, of.olga, 'POST');
      const cast = vote(approval, { by: of.lea.id, auth, linkHash: link.hash });
      const outcome = await castVote({ org, id: approvalId, vote: cast }, needs);

      expect({ status: outcome.approval.status, error: outcome.refusal?.error }).toEqual({ status, error });
    },
  );

  it('T11 withdraws every link that was sent, and leaves those who sign in', async () => {
    const of = await organization([
      { id: 'read', action: 'repo.read', risk: 'low', mode: 'require_approval' },
    ]);
    const { body } = await agentOf(of, clock).propose(reading);
    await call(of, of.olga, 'POST');
    const approval = await stored(of, body.action_id);
    const press = (change: object) =>
      castVote({ org: of.org, id: approval.id, vote: vote(approval, { by: of.lea.id, ...change }) }, needs);

    expect((await press({ auth: 'code', linkHash: 'ab'.repeat(32) })).refusal).toMatchObject({
      error: 'link_revoked',
    });
    expect((await press({ auth: 'session' })).approval.status).toBe('APPROVED');
  });

  it('that came after the one that is to end stays', async () => {
    const of = await organization([]);
    await call(of, of.olga, 'POST');
    const { at = '' } = (await policies.frozen(of.org)) ?? {};
    expect(await policies.unfreeze(of.org, at)).toBe(true);
    expect(await policies.unfreeze(of.org, at)).toBe(true);
    clock.set(new Date(NOW.getTime() + 1000));
    await call(of, of.olga, 'POST');

    expect(await policies.unfreeze(of.org, at)).toBe(false);
    expect(await policies.frozen(of.org)).toBeDefined();
  });
});

/** The n-th write takes place, and the process is gone before it hears of it. */
function diesAt(n: number): typeof approvals.take {
  let count = 0;
  return async (before, step) => {
    count += 1;
    if (count === n) throw new Error('killed');
    return approvals.take(before, step);
  };
}
