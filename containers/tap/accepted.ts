import type { Given } from '#core/singer/input.ts';
import type { TargetState } from '#core/singer/target-state.ts';
import type { Failure } from '#core/taps/failure.ts';
import { list } from '#core/taps/patch.ts';

/** Exit code 0 says nothing: refused records and streams that nobody takes are in the state, or not even there. */
export function faultIn(
  { summary, errors, noise, isSilent }: TargetState,
  { streams, hasState }: Given,
): Failure | undefined {
  if (noise[0] !== undefined) return { class: 'CODE_ERROR', rule: 'stdout-not-state', line: noise[0] };
  if (isSilent && hasState)
    return { class: 'CODE_ERROR', rule: 'no-state', line: 'it was given a STATE, and printed none' };
  if (!summary) return undefined;
  const sinks = new Map(Object.entries(summary).map(([name, one]) => [plain(name), one]));
  const sinkless = Object.keys(streams).filter((name) => streams[name] && !sinks.has(plain(name)));
  if (sinkless.length > 0)
    return {
      class: 'CODE_ERROR',
      rule: 'unknown-sink',
      line: `nothing takes ${list(sinkless)}, and nothing says so`,
    };
  const refused = Object.entries(summary).filter(([, { fail }]) => fail > 0);
  if (refused.length > 0) {
    const counts = refused.map(([name, { fail }]) => `${name}: ${fail} refused`).join(', ');
    return {
      class: 'DATA_QUALITY',
      rule: 'records-refused',
      line: `${counts}; ${errors[0] ?? 'no reason given'}`,
    };
  }
  const lost = Object.entries(streams).filter(([name, count]) => taken(sinks.get(plain(name))) < count);
  if (lost.length > 0)
    return {
      class: 'DATA_QUALITY',
      rule: 'records-lost',
      line: `fewer taken than given of ${list(lost.map(([name]) => name))}`,
    };
  return undefined;
}

function taken(sink?: { success: number; existing: number; updated: number }): number {
  return sink ? sink.success + sink.existing + sink.updated : 0;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
