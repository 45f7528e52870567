import { DeleteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { limitsFrom } from '#core/queue/limits.ts';
import { Priority } from '#core/tickets/ticket.ts';
import { type LocalAws, localAws } from '../support/aws.ts';
import { type Execution, type Fuse, type World, world } from './world.ts';

const { SIGNALBOX_FULL } = process.env;

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());
beforeEach(empty);

async function empty(): Promise<void> {
  const db = new DynamoDBClient();
  const { Items = [] } = await db.send(new ScanCommand({ TableName: 'Queue' }));
  for (const { pk, sk } of Items)
    await db.send(new DeleteItemCommand({ TableName: 'Queue', Key: { pk: pk as never, sk: sk as never } }));
}

const ORGS = ['acme', 'globex', 'initech'];
const LIMITS = limitsFrom('4', '2,globex=3');

const step = fc.record({
  what: fc.constantFrom(
    ...([
      'arrive',
      'arrive',
      'arrive',
      'arrive',
      'ask',
      'askLate',
      'decide',
      'leaveLate',
      'approve',
      'finish',
    ] as const),
    ...(['hear', 'rerank', 'nudge', 'sweep', 'decide', 'finish', 'hear'] as const),
  ),
  who: fc.nat(30),
  org: fc.constantFrom(...ORGS),
  priority: fc.constantFrom(...Priority.options),
  fuse: fc.option(fc.record({ calls: fc.integer({ min: 1, max: 8 }), isAfter: fc.boolean() }), {
    nil: undefined,
    freq: 2,
  }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function play(one: Step, now: World): Promise<void> {
  const { what, who, org, priority } = one;
  const fuse: Fuse | undefined = one.fuse;
  const execution = now.executions[who % Math.max(1, now.executions.length)];
  if (what === 'arrive') return now.arrive(org, priority, fuse);
  if (what === 'nudge' || what === 'sweep') return void (await now[what](fuse));
  if (!execution) return;
  const acts: Record<string, () => Promise<void> | void> = {
    ask: () => now.ask(execution, fuse),
    askLate: () => now.askLate(execution, who, fuse),
    decide: () => now.decide(execution, fuse),
    leaveLate: () => now.leaveLate(execution, fuse),
    approve: () => now.approve(execution, fuse),
    finish: () => now.finish(execution),
    hear: () => now.hear(execution, fuse),
    rerank: () => now.rerank(execution, priority, fuse),
  };
  await acts[what]?.();
}

/** Whoever works, with the slot that it works by. */
const working = ({ executions }: World) =>
  executions
    .filter(({ state }) => state === 'working')
    .map(({ runId, grant }) => `${runId} ${grant}`)
    .sort();

async function holders({ needs: { queue } }: World): Promise<string[]> {
  const found = await Promise.all(ORGS.map((org) => queue.held(org)));
  return found
    .flat()
    .map(({ runId, grant }) => `${runId} ${grant}`)
    .sort();
}

/** What must hold at every moment, whatever has died. */
async function check(now: World): Promise<void> {
  const { queue } = now.needs;
  const [{ held, orgs }, holding] = await Promise.all([queue.counts(), holders(now)]);
  const waiting = await Promise.all(ORGS.map((org) => queue.waiting(org, 1_000)));

  expect(working(now).filter((one) => !holding.includes(one))).toEqual([]);
  expect(held).toBe(holding.length);
  expect(held).toBeLessThanOrEqual(LIMITS.all);
  for (const [at, org] of ORGS.entries()) {
    const counted = orgs.find((one) => one.org === org) ?? { held: 0, waiting: 0 };
    expect(counted.held).toBeLessThanOrEqual(LIMITS.of(org));
    expect(counted.waiting).toBe(waiting[at]?.length);
  }
}

const open = ({ executions }: World) => executions.filter(({ state }) => state !== 'ended');

/** Nobody dies any more: what is lost comes again, and everybody gets their turn. How many do not. */
async function settle(now: World): Promise<number> {
  for (let round = 0; round < 200; round += 1) {
    for (const one of open(now)) await again(one, now);
    await now.sweep();

    expect(await holders(now)).toEqual(working(now));
    if (open(now).length === 0) return 0;
    const done = open(now).filter(({ state }) => state === 'working');
    for (const one of done) now.finish(one);
    // Every other time nobody tells the queue: it must find out.
    if (round % 2 === 0) await Promise.all(done.map((one) => now.hear(one)));
  }
  return open(now).length;
}

async function again(one: Execution, now: World): Promise<void> {
  if (one.state === 'asking') await now.ask(one);
  if (one.state === 'deciding') await now.decide(one);
  if (one.state === 'deciding') await now.approve(one);
}

describe('whoever dies, and whatever is lost, late or told twice', () => {
  it('gives no slot too many, keeps none, and lets nobody wait for ever', {
    timeout: 3_600_000,
  }, async () => {
    const schedule = fc.array(step, { minLength: 20, maxLength: SIGNALBOX_FULL ? 100 : 40 });
    let most = 0;
    await fc.assert(
      fc.asyncProperty(schedule, async (steps) => {
        await empty();
        const now = world(LIMITS);
        for (const one of steps) {
          await play(one, now);
          await check(now);
          most = Math.max(most, working(now).length);
        }

        expect(await settle(now)).toBe(0);
        expect(await now.needs.queue.counts()).toMatchObject({ held: 0 });
        expect((await now.needs.queue.counts()).orgs.filter(({ waiting }) => waiting > 0)).toEqual([]);
      }),
      { numRuns: SIGNALBOX_FULL ? 500 : 10 },
    );

    expect(most).toBeGreaterThan(2);
  });
});

describe('50 at once', () => {
  it('who fill the queue give out exactly the slots there are', async () => {
    const now = world(limitsFrom('5', '3'));
    for (let at = 0; at < 20; at += 1) {
      const arrival = { org: ORGS[at % 2] as string, runId: `run_${at}`, ticketId: 'tk', executionArn: 'x' };
      await now.needs.queue.join(
        { ...arrival, kind: 'start', priority: 'medium', arrivedAt: `2026-11-20T10:00:${10 + at}.000Z` },
        { grant: 0, token: `t${at}`, at: '2026-11-20T11:00:00.000Z' },
      );
    }
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => now.nudge()));
    // One that was too slow is told to come again, as its message does.
    const late = all.filter(({ status }) => status === 'rejected');
    for (const _ of late) await now.nudge();
    const { held, orgs } = await now.needs.queue.counts();

    expect(held).toBe(5);
    expect(orgs.map((one) => one.held).toSorted()).toEqual([2, 3]);
    expect((await holders(now)).length).toBe(5);
  });
});
