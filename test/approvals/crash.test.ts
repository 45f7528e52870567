import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Verdict } from '#core/approvals/approval.ts';
import { brokenAt } from '#core/ledger.ts';
import { ANNA, approvals, ORG } from '../support/approvals.ts';
import { type Fate, fate } from './fates.ts';
import { person } from './person.ts';
import { questionOf, type Ref, type Stage, stage, tickets, until, waits } from './stage.ts';

const isFull = Boolean(process.env.SIGNALBOX_FULL);
/** In the short run one moment of so many, others each day. */
const SPREAD = 7;
const TODAY = Math.floor(Date.now() / 86_400_000);
const PAIRS = 100;

let here: Stage;
beforeAll(async () => {
  here = await stage();
});
afterAll(() => here.stop());

interface Story {
  tell(asked: Ref & { approvalId: string }): Promise<void>;
  status: string;
  /** The ticket's status in the end. */
  ends: string;
  pulls: number;
  /** Whether the streams' records never reach the dispatcher. */
  isLost?: boolean;
}

const decides = (verdict: Verdict) => async (asked: Ref & { approvalId: string }) => {
  const approval = await questionOf(asked);
  if (approval) await (await person(here.clock, approval, ANNA)).decide(verdict);
};

const approved = { tell: decides('approve'), status: 'APPROVED', ends: 'in_review', pulls: 1 };
const STORIES: Record<string, Story> = {
  'an approval': approved,
  'an approval that no stream tells of': { ...approved, isLost: true },
  'a decline': { tell: decides('decline'), status: 'DECLINED', ends: 'declined', pulls: 0 },
  'no answer': {
    ...{ status: 'EXPIRED', ends: 'escalated', pulls: 0 },
    async tell({ approvalId }) {
      await until(async () => Boolean(await waits.find(ORG, approvalId)), here);
      here.time.forward(73 * 3_600_000);
    },
  },
};

const ENDS = ['in_review', 'declined', 'escalated', 'failed'];

/** Plays a story whose processes die at some of their requests; answers how many requests there were. */
async function play({ tell, isLost = false, ...expected }: Story, deaths = new Map<number, Fate>()) {
  const before = here.pulls.size;
  let requests = 0;
  fate(() => {
    requests += 1;
    return deaths.get(requests) ?? 'lives';
  });
  here.loseRecords(isLost);
  const asked = await here.begin();
  await until(async () => Boolean(await questionOf(asked)), here);
  await tell(asked);
  const ends = async () => `${(await tickets.find(ORG, asked.ticketId))?.status}`;
  await until(async () => ENDS.includes(await ends()), here);
  fate(() => 'lives');
  const approval = await questionOf(asked);
  const ledger = await approvals.ledger(ORG, asked.approvalId);

  expect({ status: approval?.status, ends: await ends(), pulls: here.pulls.size - before }).toEqual(expected);
  expect(approval?.resume).toBe('RESUMED');
  expect(ledger.filter(({ text }) => /"type":"(DECIDED|EXPIRED|CANCELLED)"/.test(text))).toHaveLength(1);
  expect(brokenAt(ledger)).toBeUndefined();
  return requests;
}

const HOWS = ['dies before', 'dies after'] as const;

/** Which requests are died at: each alone, and in the full run also some two together. */
function deathsIn(requests: number): [number, Fate][][] {
  const all = Array.from({ length: requests }, (_, at) => at + 1);
  const chosen = all.filter((at) => isFull || at % SPREAD === TODAY % SPREAD);
  const any = (): [number, Fate] => [
    1 + Math.floor(Math.random() * requests),
    HOWS[Math.floor(Math.random() * 2)] ?? 'dies after',
  ];
  const pairs = Array.from({ length: isFull ? PAIRS : 0 }, () => [any(), any()]);
  return [...chosen.flatMap((at) => HOWS.map((how): [number, Fate][] => [[at, how]])), ...pairs];
}

describe('T30: the outcome is what was decided, once, whatever dies at whatever request', () => {
  it.each(Object.entries(STORIES))('%s', { timeout: 1_200_000 }, async (name, story) => {
    const requests = await play(story);
    const all = deathsIn(requests);
    for (const deaths of all) {
      await play(story, new Map(deaths)).catch((error) => {
        throw new Error(`${JSON.stringify(deaths)}: ${error.message}`, { cause: error });
      });
    }
    process.stdout.write(`${name}: ${requests} requests, ${all.length} runs with deaths\n`);

    expect(requests).toBeGreaterThan(20);
  });
});
