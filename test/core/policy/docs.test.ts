import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FACT_NAMES } from '#core/actions/facts.ts';
import { runExamples } from '#core/policy/examples.ts';
import { isAcceptable, readPolicy } from '#core/policy/read.ts';

const page = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';

describe('the page about policies', () => {
  it('shows a policy that can be activated, with tests that pass', () => {
    const read = readPolicy(example, {
      groups: { 'eng-leads': ['anna', 'ben'], finance: ['cora'] },
    });

    expect(read.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(isAcceptable(read)).toBe(true);
    expect(read.active && runExamples(read.active).map(({ passed }) => passed)).toEqual(Array(7).fill(true));
  });

  it('names every fact', () => {
    expect(FACT_NAMES.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
