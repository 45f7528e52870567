import type { Metric } from '../ledger/metrics.ts';
import type { CostRow } from '../runs/run.ts';
import { wasteOf } from './spending.ts';

/** What one settled attempt tells: money and tokens by role, and trouble where there is any; ratios are made of sums where they are read. */
export function metricsOfCost(row: CostRow): Metric[] {
  const dimensions = { role: row.role };
  const { refused, repaired, brokenOff } = wasteOf([row]);
  const fresh = row.inputTokens + row.cacheWriteTokens;
  const measured: Metric[] = [
    { name: 'model_cost_usd', unit: 'None', value: row.nanoUsd / 1e9, dimensions },
    { name: 'model_waste_usd', unit: 'None', value: (refused + repaired + brokenOff) / 1e9, dimensions },
    { name: 'model_prompt_tokens', unit: 'Count', value: fresh + row.cacheReadTokens, dimensions },
    { name: 'model_cached_tokens', unit: 'Count', value: row.cacheReadTokens, dimensions },
    { name: 'model_cache_miss', unit: 'Count', value: row.cacheMissedTokens ? 1 : 0, dimensions },
    { name: 'model_output_tokens', unit: 'Count', value: row.outputTokens, dimensions },
    { name: 'model_unpriced', unit: 'Count', value: row.status === 'unpriced' ? 1 : 0 },
  ];
  return measured.filter(({ name, value }) => value > 0 || name === 'model_cost_usd');
}
