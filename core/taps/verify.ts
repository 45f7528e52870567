import type { CheckResult, Verification } from '../runs/run.ts';
import type { Judged } from './tests.ts';

export interface Findings {
  baseSha: string;
  headSha: string;
  checks: CheckResult[];
  judged?: Judged;
  timedOut: boolean;
  /** Why nothing could be said about the change itself: no interpreter, a base that does not install. */
  infrastructure?: string;
  notVerified: string[];
}

/** What the checks come to. Only `passed` may be pushed, and it needs a red test turned green. */
export function verification(findings: Findings): Verification {
  const { baseSha, headSha, judged } = findings;
  const checks = [...findings.checks, ...impossible(findings)];
  return {
    verdict: verdict(findings),
    baseSha,
    headSha,
    redBefore: judged?.redBefore ?? [],
    greenAfter: judged?.greenAfter ?? [],
    redAfter: judged?.redAfter ?? [],
    checks,
    notVerified: open(findings),
  };
}

/** What nobody may take for proven. */
function open({ checks, judged, notVerified }: Findings): string[] {
  const skipped = checks.filter(({ verdict }) => verdict === 'SKIP');
  return [
    ...notVerified,
    ...(judged ? [] : ['whatever the tests would show: they did not all run to their end']),
    ...skipped.map(({ title, detail }) => `${title}: not decided. ${detail}`),
    ...(judged?.stillRed ?? []).map((name) => `${name}: red before and after`),
  ];
}

/** Why nothing could be said, among the checks, where people look for it. */
function impossible({ infrastructure }: Findings): CheckResult[] {
  if (!infrastructure) return [];
  const check = { id: 'infrastructure', title: 'It can be verified here', seconds: 0 };
  return [{ ...check, verdict: 'INCONCLUSIVE', detail: infrastructure.slice(0, 4_000) }];
}

function verdict({ checks, judged, timedOut, infrastructure }: Findings): Verification['verdict'] {
  if (infrastructure) return 'infrastructure';
  if (timedOut) return 'timed_out';
  const failed = checks.filter((check) => check.verdict !== 'PASS' && check.verdict !== 'SKIP');
  if (failed.some(({ id }) => id !== 'red-green')) return 'failed';
  return judged && judged.greenAfter.length > 0 ? 'passed' : 'inert';
}

/** The failed checks as text for whoever has to mend them. */
export function failures({ verdict: said, checks }: Verification): string {
  const failed = checks.filter((check) => !['PASS', 'SKIP'].includes(check.verdict));
  return [`Verdict: ${said}`, ...failed.map(({ id, title, detail }) => `- ${id} (${title}): ${detail}`)].join(
    '\n',
  );
}

/** One line about a verification, for the run's log. */
export function summary({ verdict: said, checks, redBefore, greenAfter }: Verification): string {
  const passed = checks.filter((check) => check.verdict === 'PASS').length;
  return `${said}: ${passed} of ${checks.length} checks, ${redBefore.length} tests red before, ${greenAfter.length} of them green now`;
}
