import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Approval } from '#core/approvals/approval.ts';
import { ended } from '#core/approvals/decide.ts';
import { hashOf } from '#core/canonical.ts';
import { force } from '../../approvals/bypass.ts';
import { approvals, BEN, NOW, ORG, question, REPORTER, vote } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

async function stored(): Promise<Approval> {
  const { step, text } = question({ conflicts: ['agent:lead', REPORTER] });
  return approvals.propose(step, text);
}

it('takes what is right', async () => {
  expect(await force(await stored())).toBe(true);
});

it.each([
  ['by a stranger', { by: 'p_stranger' }],
  ['by whoever filed the ticket', { by: REPORTER }],
  ['on another revision', { revision: 2 }],
  ['on another payload', { payloadHash: hashOf('other') }],
])('the store itself refuses a decision %s', async (_, change) => {
  const approval = await stored();

  expect(await force(approval, change)).toBe(false);
  expect(await approvals.find(ORG, approval.id)).toEqual(approval);
});

it('the store itself refuses an approver who is in conflict', async () => {
  const { step, text } = question({ conflicts: ['agent:lead', BEN] });

  expect(await force(await approvals.propose(step, text), { by: BEN })).toBe(false);
});

it.each([
  ['in the same millisecond as the end', 0],
  ['after the end', 1],
])('the store itself refuses a decision %s', async (_, offset) => {
  const approval = await stored();

  expect(await force(approval, {}, new Date(Date.parse(approval.expiresAt) + offset))).toBe(false);
});

it('the store itself refuses a second decision, and one that saw an older version', async () => {
  const approval = await stored();
  const other = await stored();
  await approvals.decide(ORG, approval.id, vote(approval), NOW);
  await approvals.take(other, ended(other, 'EXPIRED', NOW.toISOString()));
  const settled = (await approvals.find(ORG, other.id)) as Approval;

  expect(await force(approval, { by: BEN })).toBe(false);
  expect(await force(other, { by: BEN })).toBe(false);
  expect(await force(settled, { by: BEN })).toBe(false);
});
