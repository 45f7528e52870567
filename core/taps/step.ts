import * as z from 'zod';
import { SingerReport } from '../singer/report.ts';
import { FailureClass } from './failure.ts';

export const IntegrationKind = z.enum(['tap', 'target', 'etl']);
export type IntegrationKind = z.infer<typeof IntegrationKind>;

/** What one step of a checklist did and found. Nothing in it is secret. */
export const Step = z.object({
  /** `T5` */
  id: z.string(),
  title: z.string(),
  /** Without a PASS of this one nothing counts as verified. */
  isMandatory: z.boolean(),
  verdict: z.enum(['PASS', 'FAIL', 'WARN', 'SKIP', 'INCONCLUSIVE']),
  detail: z.string(),
  class: FailureClass.optional(),
  rule: z.string().optional(),
  /** The line that the rule matched. */
  line: z.string().optional(),
  advice: z.string().optional(),
  command: z.string().optional(),
  code: z.int().nullable().optional(),
  seconds: z.number(),
  stdoutSha256: z.string().optional(),
  /** The end of what it logged. */
  log: z.string().optional(),
  /** The same step failed in the same way before the change. */
  isPreExisting: z.boolean().optional(),
  /** Failed before the change, and passes with it. */
  isMended: z.boolean().optional(),
  evidence: z.record(z.string(), z.unknown()).optional(),
  singer: SingerReport.optional(),
});
export type Step = z.infer<typeof Step>;

export const Verdict = z.enum(['verified', 'failed', 'unverified']);
export type Verdict = z.infer<typeof Verdict>;

/** What `taps verify` found of one integration. */
export const TapReport = z.object({
  name: z.string(),
  kind: IntegrationKind,
  verdict: Verdict,
  python: z.string().optional(),
  sdk: z.string().optional(),
  /** Trees that were looked at. */
  head: z.string(),
  base: z.string().optional(),
  startedAt: z.string(),
  seconds: z.number(),
  steps: z.array(Step),
});
export type TapReport = z.infer<typeof TapReport>;

/** Verified needs a PASS of every mandatory step and no failure that the change brought. */
export function verdictOf(steps: Step[]): Verdict {
  if (steps.some(({ verdict, isPreExisting }) => verdict === 'FAIL' && !isPreExisting)) return 'failed';
  return steps.every(({ verdict, isMandatory }) => verdict === 'PASS' || !isMandatory)
    ? 'verified'
    : 'unverified';
}

/** The steps of a change, told against the same steps of the commit that it starts from. */
export function against(base: Step[], head: Step[]): Step[] {
  return head.map((step) => {
    const before = base.find(({ id }) => id === step.id);
    if (before?.verdict !== 'FAIL') return step;
    if (step.verdict === 'PASS') return { ...step, isMended: true };
    const isSame = step.verdict === 'FAIL' && before.class === step.class && before.rule === step.rule;
    return isSame ? { ...step, isPreExisting: true } : step;
  });
}
