import pc from 'picocolors';
import { Mode } from '#core/approvals/approval.ts';
import type { ExampleResult } from '#core/policy/examples.ts';
import type { Judgement } from '#core/policy/judgement.ts';
import type { Problem } from '#core/policy/problem.ts';
import type { Loosened, Replay } from '#core/policy/replay.ts';
import { columns, facts } from './layout.ts';

/** Problems as compilers write them, so that editors can jump to them. */
export function listed(file: string, problems: Problem[]): string[] {
  return problems.map(({ severity, line, column, path, message }) => {
    const word = severity === 'error' ? pc.red('error') : pc.yellow('warning');
    return `${file}:${line}:${column} ${word} ${path ? `${pc.bold(path)}: ` : ''}${message}`;
  });
}

/** The tests of a policy, one a line. */
export function tested(results: ExampleResult[]): string {
  const failed = results.filter(({ passed }) => !passed).length;
  const rows = results.map(({ name, passed, expected, actual, rules }) => {
    const why = `: expected ${expected}, but ${rules.join(', ')} says ${actual}`;
    return passed ? `${pc.green('passed')}  ${name}` : `${pc.red('failed')}  ${name}${why}`;
  });
  return [...rows, `${results.length} tests, ${failed} failed`].join('\n');
}

/** What happens to an action, why, and who is asked. */
export function explained({ mode, risk, rules, over, approval, modifiable }: Judgement): string {
  const limits = over.map(({ fact, value, limit }) => `${fact} is ${value}, the limit is ${limit}`);
  const rows = facts([
    ['risk', risk],
    ['decided by', rules.join(', ')],
    ['over', limits.join('\n')],
    ...asking(approval),
    ['modifiable', modifiable.join(', ')],
  ]);
  return `${pc.bold(mode.replaceAll('_', ' '))}\n${rows}`;
}

function asking(approval: Judgement['approval']): [string, string | false][] {
  if (!approval) return [];
  const { groups, quorum, channels, stepUp, ttlSeconds, remindSeconds, escalate, hours } = approval;
  const later = escalate.map((one) => `${one.groups.join(', ')} after ${length(one.afterSeconds)}`);
  return [
    ['asked', `${quorum} of ${groups.join(', ')}, by ${channels.join(', ')}`],
    ['themselves', approval.selfApproval && 'whoever asks may also agree'],
    ['proof', stepUp !== 'none' && stepUp],
    ['within', `${length(ttlSeconds)}; silence is a no`],
    ['reminded', remindSeconds.map((after) => `after ${length(after)}`).join(', ')],
    ['then also', later.join('\n')],
    ['hours', hours === 'business' && 'business hours only'],
  ];
}

/** What two policies make of the same actions. */
export function replayed({ actions, before, after, looser }: Replay): string {
  const counts = Mode.options.map((mode) => [
    mode.replaceAll('_', ' '),
    ...[String(before[mode]), '→', String(after[mode])],
  ]);
  const last =
    looser.length === 0
      ? pc.green('Nothing becomes looser.')
      : `${pc.yellow(`Looser for ${looser.length}:`)}\n${columns(looser.map(changed))}`;
  return `${actions} actions, before and after:\n${columns(counts)}\n\n${last}`;
}

function changed({ id, type, in: what, before, after }: Loosened): string[] {
  const mode = before.mode === after.mode ? after.mode : `${before.mode} → ${after.mode}`;
  return [id, type, mode, `looser in ${what.join(', ')}`, `by ${after.rules.join(', ')}`];
}

function length(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const;
  const [unit, size] = units.find(([, size]) => seconds % size === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}
