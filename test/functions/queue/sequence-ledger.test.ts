import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { emit } from '#adapters/emf.ts';
import { canonical } from '#core/canonical.ts';
import { LedgerEntry, type Sealed, seal } from '#core/ledger.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import {
  chain,
  changed,
  dyingAt,
  inserted,
  newOrg,
  places,
  recorded,
  rowsOf,
  sequencer,
} from '../../support/ledger.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterAll(() => aws.stop());

/** The entries of an organization as `action#seq`, in the order of the sequence; throws at a gap. */
async function order(org: string): Promise<string[]> {
  return (await places(org)).map(({ index, actionId, seq }, at) => {
    expect(index).toBe(at);
    return `${actionId}#${seq}`;
  });
}

const all = (org: string, actions: ReturnType<typeof chain>[]) =>
  actions.flatMap(({ id, sealed }) =>
    sealed.map((one) => ({ key: `${id}#${one.seq}`, record: inserted(org, id, one) })),
  );

describe('the sequence', () => {
  it('gives every entry one place, in the order of its action', async () => {
    const org = newOrg();
    const told = all(org, [chain(org, 4), chain(org, 1)]);
    for (const { record } of told) await sequencer().consume(record);

    expect(await order(org)).toEqual(told.map(({ key }) => key));
  });

  it('changes nothing when an entry is told again', async () => {
    const org = newOrg();
    const told = all(org, [chain(org)]);
    for (const { record } of [...told, ...told]) await sequencer().consume(record);

    expect(await order(org)).toEqual(told.map(({ key }) => key));
  });

  it('lets an entry wait for the one before it', async () => {
    const org = newOrg();
    const [first, second] = all(org, [chain(org, 2)]);

    await expect(sequencer().consume(second?.record as never)).rejects.toMatchObject({ code: 'Unavailable' });
    await sequencer().consume(first?.record as never);
    await sequencer().consume(second?.record as never);
    expect(await order(org)).toEqual([first?.key, second?.key]);
  });

  it('loses and doubles nothing, however shards interleave, repeat and die', {
    timeout: 600_000,
  }, async () => {
    const shape = fc.record({
      lengths: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 8 }),
      again: fc.infiniteStream(fc.boolean()),
      deaths: fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom('before', 'after'))),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ lengths, again, deaths }) => {
        const org = newOrg();
        const actions = lengths.map((length) => chain(org, length));
        const rounds = deaths.slice(0, 4);
        const shards = actions.map((one) => all(org, [one]));
        const left = shards.map((shard) => [...shard]);
        const shard = async (mine: (typeof left)[number]) => {
          const { consume } = sequencer();
          for (let one = mine[0]; one; one = mine[0]) {
            await consume(one.record);
            if (!again.next().value) mine.shift();
          }
        };
        for (const [n, when] of rounds) {
          const revive = dyingAt(n, when as 'before');
          await Promise.allSettled(left.map(shard));
          revive();
        }
        await Promise.all(left.map(shard));

        const told = shards.flat().map(({ key }) => key);
        const sequence = await order(org);
        expect([...sequence].sort()).toEqual([...told].sort());
        for (const { id } of actions) {
          const mine = sequence.filter((key) => key.startsWith(id));
          expect(mine).toEqual([...mine].sort());
        }
      }),
      { numRuns: process.env.SIGNALBOX_FULL ? 200 : 10 },
    );
  });

  it.each(['before', 'after'] as const)('survives a death %s any request takes effect', async (when) => {
    for (let n = 1; ; n += 1) {
      const org = newOrg();
      const told = all(org, [chain(org, 2)]);
      const revive = dyingAt(n, when);
      const run = async () => {
        for (const { record } of told) await sequencer().consume(record);
      };
      await run().catch(() => {});
      const died = revive();
      await run();

      expect(await order(org)).toEqual(told.map(({ key }) => key));
      if (!died) break;
      expect(n).toBeLessThan(20);
    }
  });
});

describe('what is measured', () => {
  it('is measured once for each entry, however often it is told', async () => {
    const org = newOrg();
    const action = chain(org);
    await recorded(org, action);
    const again = sequencer();
    for (const { record } of all(org, [action])) await again.consume(record);
    const fresh = chain(org);
    await recorded(org, { ...fresh, sealed: [] });
    const { consume, emitted } = sequencer();
    for (const { record } of all(org, [fresh])) await consume(record);

    expect(again.emitted).toEqual([]);
    expect(emitted.map(({ name, value }) => [name, value])).toEqual([
      ['auto_vs_hitl_counts', 1],
      ['approval_latency_ms', 10_000],
      ['approval_human_decided_count', 1],
      ['approval_resume_lag_ms', 10_000],
    ]);
  });

  it('is one line in the embedded metric format, with the organization as a property', async () => {
    const written = vi.mocked(process.stdout.write);
    written.mockClear();
    emit(
      [{ name: 'x_count', unit: 'Count', value: 2, dimensions: { risk: 'low' } }],
      { org: 'acme' },
      new Date(5),
    );

    expect(JSON.parse(String(written.mock.calls[0]?.[0]))).toEqual({
      ...{ level: 'info', message: 'metric', org: 'acme', risk: 'low', x_count: 2 },
      _aws: {
        Timestamp: 5,
        CloudWatchMetrics: [
          {
            Namespace: 'Signalbox',
            Dimensions: [['risk'], []],
            Metrics: [{ Name: 'x_count', Unit: 'Count' }],
          },
        ],
      },
    });
  });
});

describe('the tamper alarm', () => {
  /** An entry whose text says something else, sealed as it should be. */
  function forged({ text }: Sealed, change: Partial<LedgerEntry>): Sealed {
    return seal(LedgerEntry.parse({ ...JSON.parse(text), ...change }));
  }

  async function told(org: string, record: Parameters<ReturnType<typeof sequencer>['consume']>[0]) {
    const { consume, emitted } = sequencer();
    await consume(record);
    await consume(record);
    return { emitted, rows: await rowsOf(org, 'ALARM#') };
  }

  it.each(['MODIFY', 'REMOVE'] as const)('rings at a %s, which is never sequenced', async (kind) => {
    const org = newOrg();
    const { id, sealed } = chain(org);
    const { emitted, rows } = await told(org, changed(kind, `ORG#${org}#A#${id}`, sealed[0] as Sealed));

    expect(emitted[0]).toMatchObject({ name: 'ledger_tamper_alarm', value: 1 });
    expect(rows).toMatchObject([
      { entry: `${id}#1`, what: kind === 'MODIFY' ? 'it was changed' : 'it was removed' },
    ]);
    expect(await places(org)).toEqual([]);
  });

  it.each([
    ['another hash', ({ text }: Sealed) => ({ seq: 1, text, hash: 'f'.repeat(64) })],
    [
      'another text',
      ({ text, hash }: Sealed) => ({ seq: 1, text: text.replace('PROPOSED', 'CANCELLED'), hash }),
    ],
    ['a text that is no entry', () => ({ seq: 1, text: canonical({ a: 1 }), hash: 'f'.repeat(64) })],
    ['a text that is no JSON', () => ({ seq: 1, text: '{', hash: 'f'.repeat(64) })],
    ['another action in it', (one: Sealed) => forged(one, { actionId: 'act_other' })],
    ['another organization in it', (one: Sealed) => forged(one, { org: 'other' })],
    ['another number in it', (one: Sealed) => ({ ...forged(one, { seq: 2 }), seq: 1 })],
    ['an entry before it that is not there', (one: Sealed) => forged(one, { prev: 'a'.repeat(64) })],
  ])('rings at an entry with %s', async (_, forge) => {
    const org = newOrg();
    const { id, sealed } = chain(org);
    const { rows } = await told(org, inserted(org, id, forge(sealed[0] as Sealed)));

    expect(rows).toHaveLength(1);
    expect(await places(org)).toEqual([]);
  });

  it('rings at a second chain beside the first', async () => {
    const org = newOrg();
    const { id, sealed } = chain(org);
    await sequencer().consume(inserted(org, id, sealed[0] as Sealed));
    const fork = forged(sealed[1] as Sealed, { prev: 'b'.repeat(64) });
    const { rows } = await told(org, inserted(org, id, fork));

    expect(rows).toMatchObject([{ what: 'it does not follow the entry before it' }]);
    expect(await order(org)).toEqual([`${id}#1`]);
  });
});
