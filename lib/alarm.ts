import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

export const FIVE_MINUTES = Duration.minutes(5);

/** As `adapters/emf.ts` writes it, over all dimensions. */
export function total(metricName: string, statistic: string, period = FIVE_MINUTES): Metric {
  return new Metric({ namespace: 'Signalbox', metricName, statistic, period });
}

/** Rings above a threshold; nothing measured is nothing wrong. */
export function alarm(
  scope: Construct,
  id: string,
  { metric, above, what }: { metric: IMetric; above: number; what: string },
): void {
  new Alarm(scope, id, {
    ...{ metric, threshold: above, alarmDescription: what, evaluationPeriods: 1 },
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
