import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settled } from '../../support/clock.ts';
import { plan } from './counted.ts';
import { machine, newFolder, open, type Place } from './place.ts';
import { asking, useMachines, useQueues, useTables, useTheRest } from './uses.ts';

/** Statements that read a whole table on purpose, by how they begin. */
const WHOLE: [start: string, because: string][] = [
  ['SELECT execution, path, kind FROM states_pending', 'what a restart has to take up, and no more'],
  ['SELECT id, due FROM delivery', 'what a restart has to take up, and no more'],
  ['SELECT min(passed) AS passed FROM dynamodb_mappings', 'one row per mapping'],
  ['SELECT id, keys FROM dynamodb_indexes', 'one row per index'],
  ['SELECT file FROM s3_object', 'a start compares the files with their rows'],
];

describe('what is stored', () => {
  let place: Place;
  beforeAll(async () => {
    place = open(newFolder());
    const ask = asking(place);
    await useTables(ask, place);
    await useQueues(ask, place.clock);
    await useMachines(ask, place.clock);
    await useTheRest(ask, place);
  });
  afterAll(() => place.stop());

  const statements = () =>
    [...place.counts.asked.keys()].filter((text) => /^\s*(SELECT|UPDATE|DELETE|INSERT)/.test(text));

  it('is asked in every way that this knows', () => {
    expect(statements().length).toBeGreaterThan(60);
    expect(WHOLE.filter(([start]) => !statements().some((text) => text.startsWith(start)))).toEqual([]);
  });

  it('is never gone through from end to end', () => {
    const scans = statements()
      .filter((text) => !WHOLE.some(([start]) => text.startsWith(start)))
      .flatMap((text) => plan(place.store, text).map((step) => `${step}: ${text}`))
      .filter((step) => /^SCAN (?!CONSTANT ROW|json_each)|TEMP B-TREE/.test(step));

    expect(scans).toEqual([]);
  });

  /** A search can still go past much: these are by the columns that bound it. */
  it.each([
    [
      'hands out messages past any number of hidden ones',
      'AND hidden = 0 AND visible',
      'sqs_ready (queue=? AND hidden=?)',
    ],
    [
      'sees hidden messages when their time has come',
      'UPDATE sqs_message SET hidden',
      '(queue=? AND hidden=? AND visible<?)',
    ],
    ['ages messages', 'DELETE FROM sqs_message WHERE queue = ? AND sent', 'sqs_age (queue=? AND sent<?)'],
    ['expires items', 'AND expires <= ?', 'dynamodb_expiry (tbl=? AND expires>? AND expires<?)'],
    ['pages by an index from where it stopped', 'CROSS JOIN dynamodb_items', '(idx=? AND hash=?'],
    ['finds the executions of one status', 'AND status=?', '(machine=? AND status=? AND seq<?)'],
    ['rings what is due', 'FROM states_timers WHERE due<=?', 'states_timers_due (due<?)'],
    [
      'closes the tokens of one execution',
      "FROM states_tokens WHERE state<>'closed'",
      '(execution=? AND path>? AND path<?)',
    ],
    ['forgets deduplication', 'DELETE FROM sqs_dedup', 'sqs_dedup_until (until<?)'],
  ])('%s', (_, part, bound) => {
    const asked = statements().filter((text) => text.includes(part));

    expect(asked).not.toEqual([]);
    for (const text of asked) expect(plan(place.store, text).join()).toContain(bound);
  });
});

describe('executions that wait', () => {
  /** What it takes to come back with so many waiting, and how many timers stand then. */
  async function comeBack(count: number) {
    const folder = newFolder();
    const first = open(folder);
    const starts = Array.from({ length: count }, (_, n) =>
      asking(first)('machines', 'StartExecution', { stateMachineArn: machine('ask'), name: `n${n}` }),
    );
    await Promise.all(starts);
    await settled();
    await first.stop();
    let timers = 0;
    const second = open(folder, {
      ...first.clock,
      at: (time, work) => {
        timers += 1;
        const cancel = first.clock.at(time, work);
        return () => {
          timers -= 1;
          cancel();
        };
      },
    });
    await settled();
    const waiting = second.store.sql("SELECT count(*) AS n FROM states_tokens WHERE state = 'open'").get()?.n;
    const asked = [...second.counts.asked.values()].reduce((sum, times) => sum + times, 0);
    await second.stop();
    return { waiting, asked, rows: second.counts.rows(), timers };
  }

  it('cost a restart and the clock as much as few do', { timeout: 30_000 }, async () => {
    const few = await comeBack(10);
    const many = await comeBack(1000);

    expect(many).toEqual({ ...few, waiting: 1000 });
    expect(few.timers).toBeLessThan(5);
  });
});

describe('a commit', () => {
  let place: Place;
  beforeAll(() => {
    place = open(newFolder());
  });
  afterAll(() => place.stop());

  async function commitsOf(work: () => Promise<unknown>): Promise<number> {
    const before = place.commits();
    await work();
    await settled();
    return place.commits() - before;
  }

  const start = (n: number) =>
    asking(place)('machines', 'StartExecution', { stateMachineArn: machine('five'), input: `{"n":${n}}` });

  it('holds the start of an execution, another all its steps up to the end', async () => {
    expect(await commitsOf(() => start(1))).toBe(2);
  });

  it('is shared by what is ready together', async () => {
    const all = () => Promise.all(Array.from({ length: 100 }, (_, n) => start(n)));

    expect(await commitsOf(all)).toBeLessThan(5);
  });
});
