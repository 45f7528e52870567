import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sfn } from '#adapters/aws/clients.ts';
import { stateMachines } from '#adapters/aws/machines.ts';
import type { Approval } from '#core/approvals/approval.ts';
import { onRunEnded } from '#functions/queue/on-run-ended.ts';
import { ANNA, approvals, ORG, vote } from '../support/approvals.ts';
import { comes } from './gates.ts';
import {
  ending,
  executionArn,
  MACHINE,
  questionOf,
  type Ref,
  type Stage,
  stage,
  tickets,
  waits,
} from './stage.ts';

let here: Stage;
beforeAll(async () => {
  here = await stage();
});
afterAll(() => here.stop());

type Asked = Ref & { approvalId: string };

/** A machine that sleeps until somebody decides. */
async function waiting(): Promise<{ asked: Asked; approval: Approval }> {
  const asked = await here.begin();
  await comes(async () => Boolean(await waits.find(ORG, asked.approvalId)));
  return { asked, approval: (await questionOf(asked)) as Approval };
}

const status = async ({ ticketId }: Asked) => `${(await tickets.find(ORG, ticketId))?.status}`;
const decide = (approval: Approval, now: Date) => approvals.decide(ORG, approval.id, vote(approval), now);

/** Ends the time of a question while somebody presses, on a clock of their own: before, with or after the machine's end. */
async function pressed(offset: number, order: string) {
  const { asked, approval } = await waiting();
  const end = Date.parse(approval.expiresAt);
  const press = () => decide(approval, new Date(end + offset));
  if (order === 'before') await press();
  here.time.forward(end - here.time.now());
  if (order === 'with') await press();
  await comes(
    async () => ENDS.includes(await status(asked)),
    () => here.time.forward(10),
  );
  if (order === 'after') await press();
  const { status: outcome } = (await questionOf(asked)) as Approval;
  const entries = (await approvals.ledger(ORG, approval.id)).map(({ text }) => JSON.parse(text).type);
  return { outcome, ticket: await status(asked), entries };
}

const ENDS = ['in_review', 'escalated'];
const APPROVED = { outcome: 'APPROVED', ticket: 'in_review', entries: ['PROPOSED', 'DECIDED', 'RESUMED'] };
const EXPIRED = { outcome: 'EXPIRED', ticket: 'escalated', entries: ['PROPOSED', 'EXPIRED', 'RESUMED'] };

describe('T34: a press around the end of time, and the machine that ends then', () => {
  it.each([
    [-1, 'before', [APPROVED]],
    [-1, 'with', [APPROVED, EXPIRED]],
    [-1, 'after', [EXPIRED]],
    [0, 'before', [EXPIRED]],
    [0, 'with', [EXPIRED]],
    [0, 'after', [EXPIRED]],
    [1, 'before', [EXPIRED]],
    [1, 'with', [EXPIRED]],
    [1, 'after', [EXPIRED]],
  ])('agree: %i ms from the end, %s the machine', async (offset, order, possible) => {
    for (let round = 0; round < 3; round += 1) expect(possible).toContainEqual(await pressed(offset, order));
  });
});

describe('T35: a machine that is gone', () => {
  async function stopped(asked: Asked): Promise<void> {
    await sfn().send(new StopExecutionCommand({ executionArn: executionArn(asked) }));
  }

  it('takes its question along: a later decision is told that the run has ended', async () => {
    const { asked, approval } = await waiting();
    await stopped(asked);
    const { org, ticketId, runId } = asked;
    const detail = {
      status: 'ABORTED',
      input: JSON.stringify({ org, ticketId, runId }),
      error: null,
      cause: null,
    };
    await onRunEnded(ending(here.clock))({ detail });
    await here.sweep();

    expect(await questionOf(asked)).toMatchObject({ status: 'CANCELLED' });
    expect((await decide(approval, here.clock.now())).refusal).toMatchObject({ error: 'cancelled' });
  });

  it('whose end nobody heard of leaves the decision standing, without an effect, and is given up on after a day', async () => {
    const { asked, approval } = await waiting();
    await stopped(asked);
    await decide(approval, here.clock.now());
    here.time.forward(3_600_000);
    await here.sweep();
    const before = await questionOf(asked);
    here.time.forward(24 * 3_600_000);
    await here.sweep();

    expect(before).toMatchObject({ status: 'APPROVED', resume: 'PENDING' });
    expect(await questionOf(asked)).toMatchObject({ status: 'APPROVED', resume: 'ORPHANED' });
    expect(await status(asked)).toBe('awaiting_approval');
  });

  it('is not woken by the decision of another run, nor does another run hear it', async () => {
    const [one, two] = [await waiting(), await waiting()];
    const load = here.functions['task/load-decision'];
    const { approval: settled } = await decide(two.approval, here.clock.now());
    await comes(async () => (await status(two.asked)) === 'in_review');

    expect(settled.decision?.by).toBe(ANNA);
    expect(await status(one.asked)).toBe('awaiting_approval');
    await expect(
      load?.({ ...one.asked, approvalId: two.asked.approvalId, executionArn: executionArn(one.asked) }),
    ).rejects.toThrow('another run');
  });

  it('is started once for a run, whatever happened to the first', async () => {
    const { asked } = await waiting();
    await stopped(asked);
    const { org, ticketId, runId } = asked;
    await stateMachines().start(MACHINE, runId, { org, ticketId, runId });
    here.time.forward(10_000);

    expect(await status(asked)).toBe('awaiting_approval');
  });
});
