import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Killable, killable } from '../support/killed.ts';

/** Moments per way of killing: 20 in the full suite, 3 in the quick one. */
const MOMENTS = process.env.SIGNALBOX_FULL ? 20 : 3;
/** How long the demo takes undisturbed, in milliseconds, from its start to the pull request; measured by the first test. */
let length = 15_000;

describe('killed with SIGKILL and started again', () => {
  let product: Killable;

  afterEach(() => product.end());

  async function untilInReview(seconds: number): Promise<void> {
    for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(150)) {
      const tickets = await product.rows('Tickets').catch(() => []);
      if (tickets.some(({ status }) => status === 'in_review')) return;
      const ended = tickets.find(({ status }) =>
        ['escalated', 'failed', 'declined'].includes(String(status)),
      );
      if (ended) throw new Error(`The ticket ended ${ended.status}: ${ended.reason}`);
    }
    throw new Error(`No pull request within ${seconds} s`);
  }

  async function expectOneOfEach(): Promise<void> {
    const ledger = await product.rows('Ledger');
    const pulls = await product.pulls();

    expect((await product.rows('Tickets')).map(({ status }) => status)).toEqual(['in_review']);
    expect(pulls).toHaveLength(1);
    expect(ledger.filter((row) => JSON.stringify(row).includes('DECIDED'))).toHaveLength(1);
    expect((await product.rows('Approvals')).filter(({ sk }) => String(sk).startsWith('VOTE'))).toHaveLength(
      1,
    );
  }

  it('has one pull request and one decision when nothing happens to it', { timeout: 120_000 }, async () => {
    product = await killable();
    const began = Date.now();
    product.start();
    await Promise.all([product.approve(), untilInReview(90)]);
    length = Date.now() - began;

    await expectOneOfEach();
  });

  describe.each(['main', 'group'] as const)('the %s', (whom) => {
    it.each(Array.from({ length: MOMENTS }, (_, index) => index + 1))(
      `at moment %i of ${MOMENTS}: it still ends with one pull request and one decision`,
      { timeout: 240_000 },
      async (moment) => {
        product = await killable();
        product.start();
        const approving = product.approve();
        await sleep((length * (moment - 0.5)) / MOMENTS);
        await product.kill(whom);
        product.start();
        await untilInReview(200);
        await approving;

        await expectOneOfEach();
      },
    );
  });
});
