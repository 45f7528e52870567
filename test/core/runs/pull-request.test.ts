import { expect, it } from 'vitest';
import { plainReason } from '#core/runs/conclude.ts';
import {
  fenced,
  inline,
  pullRequestBody,
  pullRequestTitle,
  reviewRefusal,
  reviewReply,
} from '#core/runs/pull-request.ts';
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
    { ticket: ticket({ body: 'Half gone.\n```\nevil @all' }), run: verified, earlier: [] },
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

const asks = [
  { ref: 'review/1', by: 'rosa', text: 'Please @all', remarks: [{ path: 'a.py', line: 3, text: 'a <b>' }] },
];
const handover = { summary: 'Renamed it', rootCause: '', changes: ['a.py'], tests: [], risks: ['Slow'] };
const revised = run({
  ...{ ...verified, id: 'run_1_2', attempt: 2, headSha: 'c'.repeat(40), handover },
  review: { asks, round: 1, upTo: 1 },
});

it('keeps the first change, and tells what each review brought', () => {
  const body = pullRequestBody({ ticket: ticket(), run: revised, earlier: [verified] }, 'http://localhost');

  expect(body).toContain('## Root cause\n\nA short page ended it');
  expect(body).toContain('### After the review by rosa\n\nRenamed it\n\n- a.py');
  expect(body).toMatch(/for this run, of at most \$10\.00\. All 2 runs together: \$/);
});

it('answers a review with what was asked, done, proven and not, and what it cost', () => {
  const reply = reviewReply(revised);

  expect(reply).toContain('- rosa: Please @\u200ball\n- rosa, a.py:3: a \\<b\\>');
  expect(reply).toContain('Verified in a clean clone: passed');
  expect(reply).toContain('## Not verified\n\n- Against the real shop\n- Slow');
  expect(reply).toContain('## Cost');
  expect(reviewRefusal(revised, 'No @one knows')).toContain('nothing was pushed');
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
