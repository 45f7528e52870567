import { expect, it } from 'vitest';
import { plainReason } from '#core/runs/conclude.ts';
import { fenced, inline, pullRequestBody, pullRequestTitle } from '#core/runs/pull-request.ts';
import { run, ticket } from '../../support/tickets.ts';

const verified = run({
  spentNanoUsd: 1_234_000_000,
  handover: {
    summary: 'It follows the cursor.',
    rootCause: 'A short page ended it. cc @all, fixes #9',
    changes: ['client.py'],
    tests: [],
    risks: ['Slow APIs'],
  },
  verification: {
    verdict: 'passed',
    baseSha: 'b'.repeat(40),
    headSha: 'a'.repeat(40),
    redBefore: ['test_pages'],
    greenAfter: ['test_pages'],
    redAfter: [],
    checks: [{ id: 'T1', title: 'Installs', verdict: 'PASS', detail: 'a | b\nc', seconds: 1.25 }],
    notVerified: ['Against the real shop'],
  },
});

it('tells what was wrong, what changed, what was proven and what it cost', () => {
  const body = pullRequestBody(
    ticket({ body: 'Half gone.\n```\nevil @all' }),
    verified,
    'http://localhost:4600/',
  );

  expect(body).toContain('## Root cause\n\nA short page ended it. cc @\u200ball, fixes #\u200b9');
  expect(body).toContain('- Red before, at `bbbbbbbbbbbb`: `test_pages`');
  expect(body).toContain('| Installs | PASS | a \\| b c (1.3 s) |');
  expect(body).toContain('- Against the real shop\n- Slow APIs');
  expect(body).toContain('$1.23 for this run, of at most $10.00');
  expect(body).toContain('````text\nHalf gone.\n```\nevil @all\n````');
  expect(body).toContain('(http://localhost:4600/tickets/tk_');
});

it('has a title of one line', () => {
  expect(pullRequestTitle(ticket({ title: 'Orders\nmissing' }))).toBe('fix: Orders missing (ETL-142)');
});

it.each([
  ['a `code` *b* [l](http://x)', 'a \\`code\\` \\*b\\* \\[l\\](http:\u200b//x)'],
  ['<script>', '\\<script\\>'],
])('%#: writes text as text', (given, expected) => {
  expect(inline(given)).toBe(expected);
});

it('fences whatever fences are inside', () => {
  expect(fenced('`````')).toBe('``````text\n`````\n``````');
});

it.each([
  ['{"errorType":"Conflict","errorMessage":"Too late","trace":[]}', 'Too late'],
  ['Nobody knows', 'Nobody knows'],
  ['{"other":1}', '{"other":1}'],
])('%#: reads a failure', (given, expected) => {
  expect(plainReason(given)).toBe(expected);
});
