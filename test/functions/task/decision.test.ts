import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamo } from '#adapters/aws/clients.ts';
import { dynamoWaits } from '#adapters/dynamodb/approval-waits.ts';
import { dynamoIdentities } from '#adapters/dynamodb/identities.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import type { Approval } from '#core/approvals/approval.ts';
import { sweep } from '#core/approvals/sweep.ts';
import { brokenAt } from '#core/ledger.ts';
import type { Place } from '#core/queue/place.ts';
import type { Run } from '#core/runs/run.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { dispatching } from '#functions/queue/dispatch-decision.ts';
import { awaiting } from '#functions/task/await-decision.ts';
import { loading } from '#functions/task/load-decision.ts';
import { proposing } from '#functions/task/propose-plan.ts';
import { ANNA, approvals, asking, handClock, NOW, ORG, payload, vote } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const clock = handClock();
beforeEach(() => clock.set(NOW));

const tickets = dynamoTickets('Tickets', 'Deliveries');
const runs = dynamoRuns('Runs');
const projects = dynamoProjects('Projects');
const notices = dynamoNotices('Notices');
const waits = dynamoWaits('ApprovalWaits');

const queue = dynamoQueue('Queue');
let nudges = 0;

/** The function that waits, of a run that may have a slot. */
const awaitingDecision = (given: Omit<Parameters<ReturnType<typeof awaiting>>[0], 'slot'>, slot = 0) =>
  awaiting({
    waits,
    queue,
    clock,
    nudge: async () => {
      nudges += 1;
    },
  })({ ...given, slot });

/** A state machine that notes what it was told, and takes each token once. */
function machine() {
  const told: string[] = [];
  return {
    told,
    succeed: async (token: string) => {
      if (told.includes(token)) return false;
      told.push(token);
      return true;
    },
  };
}

let count = 0;

/** A diagnosed ticket of a project with two approvers, and its run. */
async function diagnosed({
  reporter = { email: 'rita@acme.example' } as Partial<Ticket['reporter']>,
  approvers = ['anna@acme.example', 'ben@acme.example'],
} = {}) {
  count += 1;
  const id = `tk_${String(count).padStart(16, '0')}`;
  const runId = `run_${count}_1`;
  const { title, body, source } = payload().ticket;
  const ticket: Ticket = {
    ...{
      org: ORG,
      id,
      source: source as 'jira',
      externalId: `ETL-${count}`,
      title,
      body,
      labels: [],
      concerns: [],
    },
    ...{ reporter: { name: 'Rita', ...reporter }, status: 'diagnosing', version: 1 },
    ...{ openedAt: NOW.toISOString(), createdAt: NOW.toISOString(), updatedAt: NOW.toISOString() },
    classification: {
      ...{
        type: 'bug',
        priority: 'high',
        role: 'engineer',
        complexity: 'low',
        confidence: 1,
        reason: '',
        by: 'rule',
      },
      ...{ repository: 'acme/tap-orders', projectId: `p${count}` },
    },
    diagnosis: payload().diagnosis,
  };
  await dynamo().send(new PutCommand({ TableName: 'Tickets', Item: ticket }));
  const run: Run = {
    ...{ org: ORG, id: runId, ticketId: id, attempt: 1, status: 'running', stage: 'diagnosis', percent: 30 },
    ...{ doing: '', spentNanoUsd: 0, budgetNanoUsd: 5e9, startedAt: NOW.toISOString() },
  };
  await runs.open(run);
  const url = 'https://git.example/acme/tap-orders';
  const repository = {
    fullName: 'acme/tap-orders',
    cloneUrl: url,
    apiUrl: url,
    defaultBranch: 'main',
    aliases: [],
  };
  await projects.put({
    ...{ org: ORG, id: `p${count}`, name: 'Orders', approvers, selfApproval: false },
    repositories: [{ ...repository, kind: 'tap' }],
  });
  return { org: ORG, ticketId: id, runId };
}

const propose = proposing({
  ...asking(clock),
  ...{ tickets, runs, projects, identities: dynamoIdentities('People') },
});
const load = loading({ ...asking(clock), tickets, runs });

async function asked() {
  const ref = await diagnosed();
  const { approvalId } = await propose(ref);
  const executionArn = `arn:aws:states:us-east-1:000000000000:execution:Ticket:${ref.runId}`;
  const approval = (await approvals.find(ORG, approvalId)) as Approval;
  return { ...ref, approvalId, executionArn, approval };
}

function changed(approval: Approval): DynamoDBRecord {
  const image = { org: { S: ORG }, id: { S: approval.id }, resume: { S: approval.resume } };
  return { eventName: 'MODIFY', dynamodb: { NewImage: image, SequenceNumber: '1' } };
}

function registered(approvalId: string): DynamoDBRecord {
  const image = { org: { S: ORG }, approvalId: { S: approvalId }, taskToken: { S: 'token' } };
  return { eventName: 'INSERT', dynamodb: { NewImage: image, SequenceNumber: '1' } };
}

describe('propose plan', () => {
  it('asks once, tells each approver, and says how long to wait', async () => {
    const ref = await diagnosed();
    const first = await propose(ref);
    clock.set(new Date(NOW.getTime() + 3_600_000));
    const second = await propose(ref);
    const approval = await approvals.find(ORG, first.approvalId);

    expect(first).toMatchObject({ mode: 'require_approval', waitSeconds: 72 * 3600 });
    expect(second).toMatchObject({ approvalId: first.approvalId, waitSeconds: 71 * 3600 });
    expect(await tickets.find(ORG, ref.ticketId)).toMatchObject({ status: 'awaiting_approval' });
    expect(await runs.lines(ORG, ref.runId)).toHaveLength(1);
    for (const { id, email } of approval?.approvers ?? []) {
      const found = await notices.find(ORG, `approval_requested#${first.approvalId}#1#${id}#0`);
      expect(found?.notice.to).toEqual([email]);
    }
  });

  it('denies when the only approver asked for it', async () => {
    const ref = await diagnosed({
      reporter: { email: 'Anna@acme.example' },
      approvers: ['anna@acme.example'],
    });
    const { mode, approvalId, reason } = await propose(ref);

    expect({ mode, reason }).toMatchObject({
      mode: 'deny',
      reason: expect.stringContaining('another approver'),
    });
    expect(await approvals.find(ORG, approvalId)).toMatchObject({ status: 'DENIED_BY_POLICY' });
  });

  it('denies when the only approver asked for it from an account that is theirs', async () => {
    const account = { at: 'github', id: '4711' } as const;
    const evidence = { by: 'p_admin', at: NOW.toISOString() };
    await dynamoIdentities('People').link({ ...account, org: ORG, person: ANNA, evidence });
    const ref = await diagnosed({ reporter: { account }, approvers: ['anna@acme.example'] });
    const { mode, approvalId, reason } = await propose(ref);

    expect({ mode, reason }).toMatchObject({
      mode: 'deny',
      reason: expect.stringContaining('another approver'),
    });
    expect(await approvals.find(ORG, approvalId)).toMatchObject({ status: 'DENIED_BY_POLICY' });
  });

  it('stores no token in any notice', async () => {
    const { approval } = await asked();
    const id = `approval_requested#${approval.id}#1#${approval.approvers[0]?.id}#0`;

    expect(JSON.stringify(await notices.find(ORG, id))).not.toMatch(/eyJ|[?&]t=/);
  });
});

describe('a decision reaches its machine', () => {
  it('T32: when it comes before the machine waits', async () => {
    const { approval, approvalId, org, ticketId, runId, executionArn } = await asked();
    const machines = machine();
    const dispatch = dispatching({ approvals, waits, machines });
    const { approval: settled } = await approvals.decide(ORG, approvalId, vote(approval), NOW);
    await dispatch(changed(settled));
    expect(machines.told).toEqual([]);
    await awaitingDecision({ org, ticketId, runId, approvalId, token: 'late', executionArn });
    await dispatch(registered(approvalId));

    expect(machines.told).toEqual(['late']);
  });

  it('while the run has no slot: a person may think for days', async () => {
    const { approval: _, ...ref } = await asked();
    const arrival = {
      ...ref,
      kind: 'start' as const,
      priority: 'high' as const,
      arrivedAt: NOW.toISOString(),
    };
    const at = NOW.toISOString();
    const place = await queue.join(arrival, { grant: 0, token: 'first', at });
    await queue.hold(place as Place, { all: 1, of: () => 1 }, at);
    const before = nudges;
    await awaitingDecision({ ...ref, token: 'asked' }, 1);
    await queue.join(arrival, { grant: 1, token: 'again', at });
    await awaitingDecision({ ...ref, token: 'asked late' }, 1);

    expect(await queue.find(ref.org, ref.runId)).toMatchObject({ state: 'waiting', grant: 1 });
    expect(await queue.counts()).toMatchObject({ held: 0 });
    expect(nudges).toBe(before + 1);
  });

  it('T31: once, however often and by however many it is sent', async () => {
    const { approval, approvalId, ...rest } = await asked();
    const machines = machine();
    await awaitingDecision({ ...rest, approvalId, token: 'one' });
    const { approval: settled } = await approvals.decide(ORG, approvalId, vote(approval), NOW);
    const dispatch = dispatching({ approvals, waits, machines });
    await Promise.all(Array.from({ length: 10 }, () => dispatch(changed(settled))));
    const loaded = await Promise.all([1, 2, 3].map(() => load({ ...rest, approvalId })));
    await dispatch(changed(settled));

    expect(machines.told).toEqual(['one']);
    expect(loaded.map(({ decision }) => decision)).toEqual(['approved', 'approved', 'approved']);
    const ledger = await approvals.ledger(ORG, approvalId);
    expect(ledger.map(({ text }) => JSON.parse(text).type)).toEqual(['PROPOSED', 'DECIDED', 'RESUMED']);
    expect(brokenAt(ledger)).toBeUndefined();
  });

  it('by its newest token when an older one is gone', async () => {
    const { approval, approvalId, ...rest } = await asked();
    await awaitingDecision({ ...rest, approvalId, token: 'old' });
    await awaitingDecision({ ...rest, approvalId, token: 'new' });
    const { approval: settled } = await approvals.decide(ORG, approvalId, vote(approval), NOW);
    const machines = machine();
    await dispatching({ approvals, waits, machines })(changed(settled));

    expect(machines.told).toEqual(['new']);
  });

  it('by the sweep, when the stream lost it, and not before it had its time', async () => {
    const { approval, approvalId, ...rest } = await asked();
    await awaitingDecision({ ...rest, approvalId, token: 'swept' });
    await approvals.decide(ORG, approvalId, vote(approval), NOW);
    const machines = machine();
    await sweep({ ...asking(clock), waits, machines, runs });
    expect(machines.told).not.toContain('swept');
    clock.set(new Date(NOW.getTime() + 31_000));
    await sweep({ ...asking(clock), waits, machines, runs });

    expect(machines.told).toContain('swept');
  });
});

describe('load decision', () => {
  it.each([
    ['approve', '', 'approved', 'Approved by anna@acme.example'],
    ['decline', 'too risky', 'declined', 'Declined by anna@acme.example: too risky'],
  ] as const)('tells %s', async (verdict, reason, decision, words) => {
    const { approval, ...rest } = await asked();
    await approvals.decide(ORG, rest.approvalId, vote(approval, { verdict, reason }), NOW);

    expect(await load(rest)).toEqual({ decision, reason: words });
  });

  it('ends what is still pending, and a later press is too late', async () => {
    const { approval, ...rest } = await asked();
    const loaded = await load(rest);
    const { refusal } = await approvals.decide(ORG, rest.approvalId, vote(approval), NOW);

    expect(loaded).toMatchObject({ decision: 'expired' });
    expect(refusal).toMatchObject({ error: 'expired' });
  });

  it('agrees with the record when the last press and the end of time meet', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { approval, ...rest } = await asked();
      const [loaded] = await Promise.all([
        load(rest),
        approvals.decide(ORG, rest.approvalId, vote(approval), NOW),
      ]);

      expect((await approvals.find(ORG, rest.approvalId))?.status).toBe(loaded.decision.toUpperCase());
    }
  });

  it('is refused to another run and to another execution', async () => {
    const [one, two] = [await asked(), await asked()];

    await expect(load({ ...one, approvalId: two.approvalId })).rejects.toThrow('another run');
    await expect(load({ ...one, executionArn: two.executionArn })).rejects.toThrow('another run');
    expect(await approvals.find(ORG, two.approvalId)).toEqual(two.approval);
  });

  it.each([
    [
      'the ticket',
      ({ ticketId }: { ticketId: string }) =>
        tickets.advance(ORG, ticketId, ['awaiting_approval'], { body: 'Also delete the customer table.' }),
    ],
    [
      'the stored request',
      ({ approvalId }: { approvalId: string }) =>
        dynamo().send(
          new PutCommand({
            TableName: 'Approvals',
            Item: { pk: `ORG#${ORG}#A#${approvalId}`, sk: 'REV#0001', payload: '{}' },
          }),
        ),
    ],
  ])('T26: blocks what was approved when %s was changed afterwards', async (_, tamper) => {
    const { approval, ...rest } = await asked();
    await approvals.decide(ORG, rest.approvalId, vote(approval), NOW);
    await tamper(rest);

    expect(await load(rest)).toMatchObject({ decision: 'cancelled' });
    await tickets.advance(ORG, rest.ticketId, ['awaiting_approval'], { body: payload().ticket.body });
    expect(await load(rest)).toMatchObject({ decision: 'cancelled' });
    expect(await approvals.find(ORG, rest.approvalId)).toMatchObject({ status: 'EXEC_BLOCKED' });
    const last = (await approvals.ledger(ORG, rest.approvalId)).at(-1);
    expect(JSON.parse(last?.text ?? '{}')).toMatchObject({ type: 'EXEC_BLOCKED' });
  });
});

describe('the sweep', () => {
  it('withdraws the question of a run that has ended, and ends one that nobody ended', async () => {
    const [stopped, silent] = [await asked(), await asked()];
    await runs.update(ORG, stopped.runId, { status: 'cancelled' });
    await sweep({ ...asking(clock), waits, machines: machine(), runs });
    expect(await approvals.find(ORG, stopped.approvalId)).toMatchObject({ status: 'CANCELLED' });
    expect(await approvals.find(ORG, silent.approvalId)).toMatchObject({ status: 'PENDING' });
    clock.set(new Date(Date.parse(silent.approval.expiresAt) + 11 * 60_000));
    await sweep({ ...asking(clock), waits, machines: machine(), runs });

    expect(await approvals.find(ORG, silent.approvalId)).toMatchObject({ status: 'EXPIRED' });
  });
});
