import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Trip } from '../crash/tripwire.ts';
import { type Killable, killable } from '../support/killed.ts';

/** The full suite kills at every durable step; SIGNALBOX_FULL=16 at every sixteenth. The quick one at two, four times in all. */
const { SIGNALBOX_FULL } = process.env;
/** Products at a time. */
const LANES = 2;

type Kill = Trip & { whom: 'main' | 'group' };

/** Kills for every so-manieth step: of the process alone and of all that it started, before the step and after. */
function kills(steps: number, every: number): Kill[] {
  const at = Array.from({ length: Math.floor(steps / every) }, (_, index) =>
    Math.ceil((index + 0.5) * every),
  );
  return at.flatMap((step) => [
    { step, moment: 'before', whom: step % 2 ? 'main' : 'group' },
    { step, moment: 'after', whom: step % 2 ? 'group' : 'main' },
  ]);
}

async function untilInReview(product: Killable, seconds: number): Promise<void> {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(150)) {
    const tickets = await product.rows('Tickets').catch(() => []);
    if (tickets.some(({ status }) => status === 'in_review')) return;
    const ended = tickets.find(({ status }) => ['escalated', 'failed', 'declined'].includes(String(status)));
    if (ended) throw new Error(`The ticket ended ${ended.status}: ${ended.reason}`);
  }
  throw new Error(`No pull request within ${seconds} s`);
}

/** What there is more or less of than one. */
async function notOne(product: Killable): Promise<string[]> {
  const ledger = await product.rows('Ledger');
  const tickets = await product.rows('Tickets');
  const approvals = await product.rows('Approvals');
  const counts = {
    'pull requests': (await product.pulls()).length,
    tickets: tickets.filter(({ status }) => status === 'in_review').length,
    decisions: ledger.filter((row) => JSON.stringify(row).includes('DECIDED')).length,
    votes: approvals.filter(({ sk }) => String(sk).startsWith('VOTE')).length,
  };
  return Object.entries(counts).flatMap(([what, count]) => (count === 1 ? [] : [`${count} ${what}`]));
}

/** The same, of a product that may die just then and come back. */
async function counted(product: Killable, tries = 200): Promise<string[]> {
  return notOne(product).catch(async (error: unknown) => {
    if (tries === 0) throw error;
    await sleep(150);
    return counted(product, tries - 1);
  });
}

interface Life {
  steps: number;
  isKilled: boolean;
  wrong: string[];
}

/** From the ticket to the pull request, with a death on the way when there are as many steps. */
async function live(kill: Kill): Promise<Life> {
  const product = await killable();
  let isKilled = false;
  let isOver = false;
  try {
    product.start(kill);
    void product.died().then(() => {
      if (isOver) return;
      isKilled = true;
      product.start();
    });
    void product.approve(); // its answer may have died with the process: that the ticket went on says that it counted
    await untilInReview(product, 200);
    return { steps: product.steps(), isKilled, wrong: await counted(product) };
  } catch (error) {
    return { steps: 0, isKilled, wrong: [`${(error as Error).message} ${product.said()}`] };
  } finally {
    isOver = true;
    await product.end();
  }
}

it('ends with one pull request and one decision, at whichever durable step it is killed', {
  timeout: 8 * 3_600_000,
}, async () => {
  const { steps, wrong } = await live({ step: Number.POSITIVE_INFINITY, moment: 'before', whom: 'main' });
  expect(wrong).toEqual([]);
  const all = kills(steps, SIGNALBOX_FULL ? Number(SIGNALBOX_FULL) || 1 : Math.floor(steps / 2));
  const cases = all.length;
  const failures: string[] = [];
  let killed = 0;
  async function lane(): Promise<void> {
    for (let kill = all.shift(); kill; kill = all.shift()) {
      const end = await live(kill);
      if (end.isKilled) killed += 1;
      const label = `${kill.whom} killed ${kill.moment} ${kill.step}`;
      failures.push(...end.wrong.map((what) => `${label}: ${what}`));
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane));
  process.stdout.write(
    `crash matrix product: ${steps} steps, ${cases} cases, ${killed} of them killed, ${failures.length} wrong\n`,
  );

  expect(failures).toEqual([]);
  expect(killed).toBeGreaterThan(cases / 2);
});
