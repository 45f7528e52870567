import pc from 'picocolors';
import type { Step, TapReport } from '#core/taps/step.ts';

const SAYS: Record<TapReport['verdict'], string> = {
  verified: 'verified: every needed step passed',
  failed: 'failed',
  unverified: 'not verified: a needed step did not pass, though none failed',
};

const TONES: Record<Step['verdict'], (text: string) => string> = {
  PASS: pc.green,
  FAIL: pc.red,
  WARN: pc.yellow,
  SKIP: pc.dim,
  INCONCLUSIVE: pc.yellow,
};

/** A checklist's outcome for a person: what was checked, what is wrong, how it is known and what to do. */
export function textReport(report: TapReport): string {
  const lines = report.steps.map((step) => {
    const name = TONES[step.verdict](verdictOf(step).padEnd(12));
    return `${name} ${step.id.padEnd(4)} ${step.title}: ${step.detail}`;
  });
  const open = report.steps.filter(isOpen).map(explained);
  return [
    `${headOf(report)}`,
    '',
    ...lines,
    ...(open.length > 0 ? ['', ...open] : []),
    '',
    SAYS[report.verdict],
  ].join('\n');
}

function headOf({ name, kind, sdk, python, seconds }: TapReport): string {
  const with_ = [sdk !== 'none' && sdk, python && `Python ${python}`].filter(Boolean).join(', ');
  return `${name}, ${kind}${with_ ? ` (${with_})` : ''}, ${seconds.toFixed(1)} s`;
}

function isOpen({ verdict }: Step): boolean {
  return verdict !== 'PASS' && verdict !== 'SKIP';
}

function verdictOf({ verdict, isPreExisting, isMended }: Step): string {
  if (isPreExisting) return 'PRE-EXISTING';
  return isMended ? 'RED→GREEN' : verdict;
}

function explained({ id, class: of, rule, line, advice, command }: Step): string {
  return [
    `${id} ${of ? `${of} (${rule})` : ''}`,
    line && `  because: ${line}`,
    command && `  command: ${command}`,
    advice && `  to do:   ${advice}`,
  ]
    .filter(Boolean)
    .join('\n');
}

/** The same as a page that needs nothing else. */
export function htmlReport(report: TapReport): string {
  const rows = report.steps.map(
    (step) =>
      `<tr class="${step.verdict}"><td>${step.id}<td>${escaped(step.title)}<td>${escaped(verdictOf(step))}<td>${escaped(step.detail)}${details(step)}`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(report.name)}: ${report.verdict}</title><style>${STYLE}</style>
<h1>${escaped(report.name)}: ${escaped(SAYS[report.verdict])}</h1>
<p>${escaped(headOf(report))}, started <time>${escaped(report.startedAt)}</time></p>
<table><thead><tr><th>Step<th>Checks<th>Verdict<th>Found</thead><tbody>
${rows.join('\n')}</tbody></table></html>\n`;
}

const STYLE =
  'body{font:16px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.4rem;border-top:1px solid #ccc}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85em}.FAIL td:nth-child(3){color:#b00020;font-weight:bold}.WARN td:nth-child(3),.INCONCLUSIVE td:nth-child(3){color:#8a5300;font-weight:bold}.PASS td:nth-child(3){color:#0a6b2d}';

function details({ class: of, rule, line, advice, command, log, evidence, singer }: Step): string {
  const because = of
    ? `<br><strong>${of}</strong> (${escaped(rule ?? '')}): ${escaped(line ?? '')}<br>${escaped(advice ?? '')}`
    : '';
  const { finalState: _state, ...report } = singer ?? {};
  const parts = [command && `$ ${command}`, log, evidence && json(evidence), singer && json(report)].filter(
    Boolean,
  );
  const more = parts.map((part) => `<pre>${escaped(String(part))}</pre>`).join('');
  return because + (more ? `<details><summary>Evidence</summary>${more}</details>` : '');
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 1).slice(0, 20_000);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}
