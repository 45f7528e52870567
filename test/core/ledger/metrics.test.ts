import { describe, expect, it } from 'vitest';
import { metricsOf } from '#core/ledger/metrics.ts';
import type { LedgerEntry } from '#core/ledger.ts';

const subject = { type: 'slack.post_message', risk: 'medium', mode: 'require_approval' } as const;

/** A chain of these happenings, each so many seconds after the first. */
function chain(
  ...happenings: [LedgerEntry['type'], seconds: number, more?: Partial<LedgerEntry>][]
): LedgerEntry[] {
  return happenings.map(([type, seconds, more], at) => ({
    ...{ v: 1, org: 'acme', actionId: 'act_1', seq: at + 1, prev: '0'.repeat(64), type },
    ...{
      at: new Date(1_795_000_000_000 + seconds * 1000).toISOString(),
      actor: { principal: 'p', auth: 'session' },
    },
    ...{ revision: 1, payloadCommit: '', policyHash: '', rule: 'r' },
    ...more,
  }));
}

/** What is measured, as `name{dimensions} value`. */
function measured(entries: LedgerEntry[], about: Parameters<typeof metricsOf>[1] = subject): string[] {
  return metricsOf(entries, about).map(
    ({ name, value, dimensions = {} }) => `${name}{${Object.values(dimensions)}} ${value}`,
  );
}

const APPROVES = { decision: 'approve', channel: 'web' } as const;

describe('metricsOf', () => {
  it('counts what policy answered, once for each question', () => {
    expect(measured(chain(['PROPOSED', 0]))).toEqual(['auto_vs_hitl_counts{require_approval,medium} 1']);
    expect(measured(chain(['PROPOSED', 0]), { ...subject, mode: 'auto', risk: 'low' })).toEqual([
      'auto_vs_hitl_counts{auto,low} 1',
    ]);
  });

  it('measures the first view, and no other', () => {
    expect(measured(chain(['PROPOSED', 0], ['VIEWED', 40]))).toEqual([
      'approval_view_latency_ms{medium} 40000',
    ]);
    expect(measured(chain(['PROPOSED', 0], ['VIEWED', 40], ['VIEWED', 50]))).toEqual([]);
  });

  it('measures thought from the page that was pressed, if there was one', () => {
    const [page] = chain(['VIEWED', 90]);
    const decided = { ...APPROVES, shownAt: page?.at };

    expect(measured(chain(['PROPOSED', 0], ['VIEWED', 40], ['DECIDED', 92, decided]))).toEqual(
      expect.arrayContaining(['approval_think_ms{medium} 2000', 'approval_fast_approve_count{medium} 1']),
    );
  });

  it('measures an approval from the question and from the first view', () => {
    expect(measured(chain(['PROPOSED', 0], ['VIEWED', 40], ['DECIDED', 100, APPROVES]))).toEqual([
      'approval_latency_ms{require_approval,medium,web} 100000',
      'approval_human_decided_count{slack.post_message,medium} 1',
      'approval_think_ms{medium} 60000',
    ]);
  });

  it.each([
    ['a no', chain(['PROPOSED', 0], ['DECIDED', 9, { decision: 'decline' }])],
    ['a yes to something modified', chain(['PROPOSED', 0], ['MODIFIED', 5], ['DECIDED', 9, APPROVES])],
  ])('counts %s as overriding the agent', (_, entries) => {
    expect(measured(entries)).toContain('approval_override_count{slack.post_message,medium} 1');
  });

  it.each([
    ['a yes in 2.9 seconds', 2.9, APPROVES, subject, true],
    ['a yes in 3 seconds', 3, APPROVES, subject, false],
    ['a no in a second', 1, { decision: 'decline' as const }, subject, false],
    ['a yes of low risk in a second', 1, APPROVES, { ...subject, risk: 'low' as const }, false],
  ])('tells whether %s looks like a rubber stamp', (_, seconds, decision, about, isFast) => {
    const names = metricsOf(
      chain(['PROPOSED', 0], ['VIEWED', 10], ['DECIDED', 10 + seconds, decision]),
      about,
    );

    expect(names.some(({ name }) => name === 'approval_fast_approve_count')).toBe(isFast);
  });

  it('tells nobody having seen it from nobody having decided', () => {
    expect(measured(chain(['PROPOSED', 0], ['EXPIRED', 9]))).toEqual(['approval_expired_count{unseen} 1']);
    expect(measured(chain(['PROPOSED', 0], ['VIEWED', 5], ['EXPIRED', 9]))).toEqual([
      'approval_expired_count{undecided} 1',
    ]);
  });

  it('counts tries that did not count, by the reason', () => {
    expect(measured(chain(['PROPOSED', 0], ['DECISION_REJECTED', 1, { why: 'not_eligible' }]))).toEqual([
      'approval_rejected_attempts{not_eligible} 1',
    ]);
  });

  it('measures how long the machine took to hear of it, never less than nothing', () => {
    expect(measured(chain(['PROPOSED', 0], ['EXPIRED', 5], ['RESUMED', 5.25]))).toEqual([
      'approval_resume_lag_ms{} 250',
    ]);
    expect(measured(chain(['PROPOSED', 0], ['DECIDED', 5, APPROVES], ['RESUMED', 4]))).toEqual([
      'approval_resume_lag_ms{} 0',
    ]);
  });

  it('says nothing of entries that nothing is measured of, and of no entries', () => {
    expect(measured(chain(['PROPOSED', 0], ['REMINDED', 5]))).toEqual([]);
    expect(measured([])).toEqual([]);
  });
});
