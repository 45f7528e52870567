import type { Metric } from '#core/ledger/metrics.ts';
import { log } from './log.ts';

/** Where every metric of the product is found in CloudWatch; `lib/alarm.ts` says the same. */
const NAMESPACE = 'Signalbox';

/**
 * Metrics as log lines in CloudWatch's embedded metric format, each by its dimensions and over all of them, which is what
 * alarms look at; `about` can be searched for, and costs nothing more.
 */
export function emit(metrics: readonly Metric[], about: Record<string, string>, now: Date): void {
  for (const { name, unit, value, dimensions = {} } of metrics) {
    const names = Object.keys(dimensions);
    const described = {
      Namespace: NAMESPACE,
      Dimensions: names.length > 0 ? [names, []] : [[]],
      Metrics: [{ Name: name, Unit: unit }],
    };
    const aws = { Timestamp: now.getTime(), CloudWatchMetrics: [described] };
    log.info('metric', { _aws: aws, ...about, ...dimensions, [name]: value });
  }
}
