import { expect, it } from 'vitest';
import { branchFor } from '#core/tickets/slug.ts';
import { ticket } from '../../support/tickets.ts';

const feature = {
  type: 'feature',
  priority: 'low',
  role: 'engineer',
  complexity: 'low',
  confidence: 1,
  reason: '',
  by: 'source',
} as const;

it.each([
  [{ title: 'Orders missing' }, 'fix/ETL-142-orders-missing'],
  [{ title: 'Orders missing', classification: feature }, 'feat/ETL-142-orders-missing'],
  [
    { source: 'github' as const, externalId: 'acme/tap#7', title: 'Ünïcode & "quotes"' },
    'fix/github-7-unicode-quotes',
  ],
  [{ title: '../../etc; rm -rf $(HOME)' }, 'fix/ETL-142-etc-rm-rf-home'],
  [{ title: '漢字' }, 'fix/ETL-142'],
  [{ externalId: '--', title: '-x' }, 'fix/ticket-x'],
])('%#: names the branch %s', (given, branch) => {
  expect(branchFor(ticket(given))).toBe(branch);
});

it('cuts between words and never ends in a hyphen', () => {
  const branch = branchFor(ticket({ title: 'word '.repeat(50) }));

  expect(branch).toMatch(/^fix\/ETL-142(-word)+$/);
  expect(branch.length).toBeLessThanOrEqual(64);
});
