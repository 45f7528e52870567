import * as z from 'zod';
import type { CostRow } from '../runs/run.ts';

/** What a provider says it charged for a model on a day (UTC), in dollars. */
export const Bill = z.array(
  z.object({ day: z.iso.date(), model: z.string(), usd: z.number().nonnegative() }),
);
export type Bill = z.infer<typeof Bill>;

/** Beyond this part of the bill, either the price table or the counting is wrong. */
const DRIFT = 0.02;

export interface Difference {
  day: string;
  model: string;
  oursNanoUsd: number;
  theirsNanoUsd: number;
  /** As a part of the bill; infinite where they charged nothing. */
  drift: number;
}

export interface Reconciliation {
  differences: Difference[];
  /** Why somebody should look, in words; empty when the ledger and the bill agree. */
  alarms: string[];
}

/** Sets the ledger beside the provider's bill, model by model and day by day: what only one of them knows counts too. */
export function reconcile(rows: readonly CostRow[], bill: Bill): Reconciliation {
  const ours = Map.groupBy(rows, ({ at, model }) => keyOf(at.slice(0, 10), model));
  const theirs = Map.groupBy(bill, ({ day, model }) => keyOf(day, model));
  const keys = [...new Set([...ours.keys(), ...theirs.keys()])].sort();
  const differences = keys.map((key) => {
    const [day = '', model = ''] = key.split('\n');
    const oursNanoUsd = (ours.get(key) ?? []).reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
    const theirsNanoUsd = (theirs.get(key) ?? []).reduce((sum, { usd }) => sum + Math.round(usd * 1e9), 0);
    return { day, model, oursNanoUsd, theirsNanoUsd, drift: driftOf(oursNanoUsd, theirsNanoUsd) };
  });
  const unpriced = rows.filter(({ status }) => status === 'unpriced').length;
  return {
    differences,
    alarms: [
      ...differences.filter(({ drift }) => drift > DRIFT).map(inWords),
      ...(unpriced > 0
        ? [`${unpriced} attempts have no known price; they are charged at what was set aside`]
        : []),
    ],
  };
}

function keyOf(day: string, model: string): string {
  return `${day}\n${model.replace(/-20\d{6}$/, '')}`;
}

function driftOf(ours: number, theirs: number): number {
  if (ours === theirs) return 0;
  return Math.abs(ours - theirs) / theirs;
}

function inWords({ day, model, oursNanoUsd, theirsNanoUsd, drift }: Difference): string {
  const [mine, bill] = [oursNanoUsd, theirsNanoUsd].map((nano) => (nano / 1e9).toFixed(4));
  const much = Number.isFinite(drift) ? `${(drift * 100).toFixed(1)} %` : 'all of it';
  return `${day} ${model}: the ledger says $${mine}, the bill $${bill} (${much} off)`;
}
