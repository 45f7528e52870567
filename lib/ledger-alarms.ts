import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface LedgerAlarmsProps {
  /** Functions that follow a stream and must not fall behind. */
  followers: IFunction[];
}

/** What somebody has to look at: tampering, proof that falls behind, and people who are asked in vain or do not look. */
export class LedgerAlarms extends Construct {
  constructor(scope: Construct, id: string, { followers }: LedgerAlarmsProps) {
    super(scope, id);
    this.alarm('Tampered', total('ledger_tamper_alarm', 'Sum'), 0, 'An entry was changed, removed or forged');
    this.alarm(
      'CheckpointsLate',
      total('ledger_checkpoint_age_s', 'Maximum'),
      180,
      'Entries waited for a checkpoint for more than three minutes',
    );
    this.alarm(
      'ResumeSlow',
      total('approval_resume_lag_ms', 'p99'),
      30_000,
      'Decisions take more than 30 seconds to reach the machines that wait',
    );
    this.alarm(
      'UnansweredShare',
      share('approval_expired_count'),
      20,
      'People do not answer what they are asked',
    );
    this.alarm(
      'FastShare',
      share('approval_fast_approve_count'),
      30,
      'People approve what they cannot have read',
    );
    this.alarm(
      'CostWithoutPrice',
      total('model_unpriced', 'Sum'),
      0,
      'A model answered with a surcharge whose price is not known',
    );
    for (const one of followers) {
      const age = one.metric('IteratorAge', { statistic: 'Maximum', period: FIVE_MINUTES });
      this.alarm(
        `${one.node.id}Behind`,
        age,
        180_000,
        `${one.node.id} is more than three minutes behind its stream`,
      );
    }
  }

  private alarm(id: string, metric: IMetric, threshold: number, alarmDescription: string): void {
    new Alarm(this, id, {
      ...{ metric, threshold, alarmDescription, evaluationPeriods: 1 },
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

const FIVE_MINUTES = Duration.minutes(5);

/** As `adapters/emf.ts` writes it, over all dimensions. */
function total(metricName: string, statistic: string, period = FIVE_MINUTES): Metric {
  return new Metric({ namespace: 'Signalbox', metricName, statistic, period });
}

/** Per cent of what people decided in a day. */
function share(metricName: string): MathExpression {
  const period = Duration.days(1);
  return new MathExpression({
    expression: '100 * FILL(some, 0) / IF(FILL(decided, 0) > 0, decided, 1)',
    usingMetrics: {
      some: total(metricName, 'Sum', period),
      decided: total('approval_human_decided_count', 'Sum', period),
    },
    period,
  });
}
