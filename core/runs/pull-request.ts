import { dollars } from '../money.ts';
import { summary } from '../taps/verify.ts';
import { cut, oneLine } from '../tickets/text.ts';
import type { Ticket } from '../tickets/ticket.ts';
import { visible } from '../visible.ts';
import { ticketUrl } from './conclude.ts';
import { askedFor } from './review.ts';
import type { CheckResult, Run } from './run.ts';

const MAX_BODY = 60_000;

/** One line that says what kind of change it is and for which ticket. */
export function pullRequestTitle(ticket: Ticket): string {
  const kind = ['feature', 'enhancement'].includes(ticket.classification?.type ?? '') ? 'feat' : 'fix';
  const key = oneLine(ticket.externalId.split('#').at(-1) ?? '', 40);
  return `${kind}: ${cut(oneLine(visible(ticket.title), 200), 100)} (${key})`;
}

/** A ticket's runs, and the one whose change is shown. */
interface Work {
  ticket: Ticket;
  run: Run;
  /** Those before it whose change is in the pull request, oldest first. */
  earlier: readonly Run[];
}

/** The pull request's text in Markdown: what was wrong, what changed, what was proven and what was not, and what it cost. */
export function pullRequestBody({ ticket, run, earlier }: Work, publicUrl: string): string {
  const [first = run] = earlier;
  const parts = [
    opening(ticket, publicUrl),
    rootCause(ticket, first),
    changes(first),
    ...[...earlier, run].slice(1).map(revision),
    proof(run),
    unproven(run),
    evidence(ticket),
    request(ticket),
    cost(run, earlier),
  ];
  return cut(parts.filter(Boolean).join('\n\n'), MAX_BODY);
}

function opening(ticket: Ticket, publicUrl: string): string {
  const key = inline(ticket.externalId);
  const named = ticket.url ? `[${key}](${ticket.url.replaceAll(/[()\s]/g, encodeURIComponent)})` : key;
  const log = ticketUrl(publicUrl, ticket.id);
  return `Opened by Signalbox for ${named}. [Plan, decision and log of the run](${log}).`;
}

function rootCause({ diagnosis }: Ticket, { handover }: Run): string {
  const said = handover?.rootCause || diagnosis?.summary;
  const kind = diagnosis ? ` (${diagnosis.rootCause.replaceAll('_', ' ')})` : '';
  return said ? `## Root cause${kind}\n\n${paragraphs(said)}` : '';
}

function changes({ handover }: Run): string {
  if (!handover) return '';
  return `## What changed\n\n${paragraphs(handover.summary)}\n\n${bullets(handover.changes)}`.trim();
}

function revision({ review, handover }: Run): string {
  const who = [...new Set(review?.asks.map(({ by }) => inline(by)))].join(', ');
  if (!handover) return '';
  return `### After the review by ${who}\n\n${paragraphs(handover.summary)}\n\n${bullets(handover.changes)}`.trim();
}

function cost({ spentNanoUsd, budgetNanoUsd }: Run, earlier: readonly Run[]): string {
  const all = earlier.reduce((sum, one) => sum + one.spentNanoUsd, spentNanoUsd);
  const total = earlier.length > 0 ? ` All ${earlier.length + 1} runs together: ${dollars(all)}.` : '';
  return `## Cost\n\n${dollars(spentNanoUsd)} for this run, of at most ${dollars(budgetNanoUsd)}.${total}`;
}

/** What reviewers are told under the pull request: what was asked, what was done, what was proven and what was not, and what it cost. */
export function reviewReply(run: Run): string {
  const { review, handover, headSha = '', verification } = run;
  const parts = [
    `Changed in ${headSha.slice(0, 12)}, as asked:`,
    bullets(askedFor(review?.asks ?? [])),
    paragraphs(handover?.summary ?? ''),
    bullets(handover?.changes ?? []),
    verification ? `Verified in a clean clone: ${inline(summary(verification))}.` : '',
    unproven(run),
    cost(run, []),
  ];
  return cut(parts.filter(Boolean).join('\n\n'), MAX_BODY);
}

/** What reviewers are told when nothing came of their review. */
export function reviewRefusal({ review, spentNanoUsd }: Run, reason: string): string {
  const asked = bullets(askedFor(review?.asks ?? []));
  return cut(
    `I could not do what was asked, and nothing was pushed. A person has to take over.\n\n${asked}\n\n${paragraphs(reason)}\n\nCost: ${dollars(spentNanoUsd)}.`,
    MAX_BODY,
  );
}

function proof({ verification }: Run): string {
  if (!verification) return '';
  const { redBefore, greenAfter, redAfter, checks, baseSha } = verification;
  const tests = [
    `- Red before, at \`${baseSha.slice(0, 12)}\`: ${names(redBefore)}`,
    `- Of those, green after: ${names(greenAfter)}`,
    `- Red after: ${names(redAfter)}`,
  ];
  const table = ['| Check | Verdict | Found |', '|---|---|---|', ...checks.map(row)];
  return [
    '## Verification',
    'Run by the platform in a clean clone, not by whoever wrote the change.',
    tests.join('\n'),
    table.join('\n'),
  ].join('\n\n');
}

function row({ title, verdict, detail, seconds }: CheckResult): string {
  const found = inline(cut(oneLine(detail, 400), 300));
  return `| ${inline(title)} | ${verdict} | ${found} (${seconds.toFixed(1)} s) |`;
}

function unproven({ verification, handover }: Run): string {
  const open = [...(verification?.notVerified ?? []), ...(handover?.risks ?? [])];
  return `## Not verified\n\n${open.length > 0 ? bullets(open) : 'Nothing that the checklist asks for.'}`;
}

function evidence({ diagnosis }: Ticket): string {
  if (!diagnosis || diagnosis.evidence.length === 0) return '';
  return `## Evidence\n\n${bullets(diagnosis.evidence.map(({ id, what }) => `${id}: ${what}`))}`;
}

/** The ticket's own words, where nothing in them is Markdown, mentions anybody or closes anything. */
function request({ body }: Ticket): string {
  const text = visible(cut(body, 8_000)).trim();
  return text ? `<details><summary>The ticket's own words</summary>\n\n${fenced(text)}\n\n</details>` : '';
}

/** A code fence that is longer than any run of backticks inside. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}

function names(tests: string[]): string {
  if (tests.length === 0) return 'none';
  const shown = tests.slice(0, 20).map((name) => `\`${name.replaceAll(/[`\s|]+/g, ' ')}\``);
  return `${shown.join(', ')}${tests.length > 20 ? ` and ${tests.length - 20} more` : ''}`;
}

function bullets(items: string[]): string {
  return items.map((item) => `- ${inline(oneLine(item, 500))}`).join('\n');
}

function paragraphs(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map((part) => inline(oneLine(part, 4_000)))
    .filter(Boolean)
    .join('\n\n');
}

/** Text in a line of Markdown as it was written: no markup, and `@name` or `#7` reach nobody and close nothing. */
export function inline(text: string): string {
  return visible(oneLine(text, 4_000))
    .replaceAll(/[\\`*_{}[\]<>|~]/g, '\\$&')
    .replaceAll(/[@#](?=\w)/g, '$&\u200b')
    .replaceAll(/\b(https?):\/\//gi, '$1:\u200b//');
}
