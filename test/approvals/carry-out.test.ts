import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approval } from '#core/approvals/approval.ts';
import { brokenAt } from '#core/ledger.ts';
import { approvals, handClock, vote } from '../support/approvals.ts';
import { type LocalAws, localAws } from '../support/aws.ts';
import { agentOf, freshKey, organization, type Team } from '../support/organization.ts';
import { type Fate, fate, invocation, watchClients } from './fates.ts';

let aws: LocalAws;
let team: Team;
beforeAll(async () => {
  aws = await localAws();
  watchClients();
  team = await organization([
    {
      id: 'slack',
      action: 'slack.post_message',
      risk: 'medium',
      mode: 'require_approval',
      approval: 'leads',
    },
  ]);
});
afterAll(() => aws.stop());

const clock = handClock();
const MINUTE = 60_000;
const HOWS = ['dies before', 'dies after'] as const;
const post = () => ({ type: 'slack.post_message', payload: { channel: 'C0123ABCD', text: freshKey() } });

/** What was asked of the system that is acted on: it does once what comes with one decision's id. */
interface Outside {
  done: Set<string>;
  by: Set<string>;
}

/** An agent that carries an action out. */
async function carriesOut(id: string, who: string, outside: Outside): Promise<number> {
  const agent = agentOf(team, clock, { channel_members: 5 });
  const key = freshKey();
  const taken = await answered(`${who} takes up`, () => agent.redeem(id, key));
  if (taken.status !== 200) return taken.status;
  outside.done.add(taken.body.decision_id);
  outside.by.add(who);
  return (await answered(`${who} reports`, () => agent.result(id, 'done'))).status;
}

/** Asks again until there is an answer. */
async function answered<T extends { status: number }>(who: string, ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 10; tries += 1) {
    const answer = await invocation(who, ask);
    if (answer.status !== 500) return answer;
  }
  throw new Error(`${who}: no answer`);
}

/** Two agents that were given the same approved action, whose product dies at one request; answers how many there were. */
async function play(at = 0, how: Fate = 'lives'): Promise<number> {
  clock.set(new Date(clock.now().getTime() + MINUTE)); // an agent may ask twenty times in one
  const { body } = await agentOf(team, clock, { channel_members: 5 }).propose(post());
  const approval = (await approvals.find(team.org, body.action_id)) as Approval;
  await approvals.decide(team.org, approval.id, vote(approval, { by: team.lea.id }), clock.now());
  const outside: Outside = { done: new Set(), by: new Set() };
  let requests = 0;
  fate(() => {
    requests += 1;
    return requests === at ? how : 'lives';
  });
  const ends = await Promise.all(['one', 'other'].map((who) => carriesOut(approval.id, who, outside)));
  fate(() => 'lives');
  const ledger = await approvals.ledger(team.org, approval.id);

  expect(ends.sort()).toEqual([200, 409]);
  expect([outside.done.size, outside.by.size]).toEqual([1, 1]);
  expect(ledger.map(({ text }) => JSON.parse(text).type)).toEqual([
    'PROPOSED',
    'DECIDED',
    'EXECUTING',
    'EXECUTED',
  ]);
  expect(brokenAt(ledger)).toBeUndefined();
  return requests;
}

describe('T36: an action that two agents were given', () => {
  it('is carried out by one of them, whatever dies at whatever request', { timeout: 120_000 }, async () => {
    const requests = await play();
    for (let at = 1; at <= requests; at += 1)
      for (const how of HOWS)
        await play(at, how).catch((error) => {
          throw new Error(`${how} request ${at} of ${requests}: ${error.message}`, { cause: error });
        });
    process.stdout.write(`two agents: ${requests} requests, ${2 * requests} runs with deaths\n`);

    expect(requests).toBeGreaterThan(8);
  });
});
