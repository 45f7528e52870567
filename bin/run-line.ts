import type { Run } from '#core/runs/run.ts';
import { money } from './terminal.ts';

/** A run at work in one line: percent, step, tool, cost and what is left, and what verification said last. */
export function runLine({ percent, step, doing, tests, control, ...run }: Run): string {
  const left = Math.max(0, run.budgetNanoUsd - run.spentNanoUsd);
  const parts = [
    `${String(percent).padStart(3)} %`,
    step !== undefined && `step ${step}`,
    control?.wish === 'pause' ? `paused by ${control.by}` : doing,
    `${money(run.spentNanoUsd)} spent, ${money(left)} left`,
    tests && `last verification: ${tests}`,
  ];
  return parts.filter(Boolean).join('  ');
}
