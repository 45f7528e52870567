import { Duration } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { alarm, FIVE_MINUTES, total } from './alarm.ts';

export interface LedgerAlarmsProps {
  /** Functions that follow a stream and must not fall behind. */
  followers: IFunction[];
}

/** What somebody has to look at: tampering, proof that falls behind, and people who are asked in vain or do not look. */
export class LedgerAlarms extends Construct {
  constructor(scope: Construct, id: string, { followers }: LedgerAlarmsProps) {
    super(scope, id);
    alarm(this, 'Tampered', {
      metric: total('ledger_tamper_alarm', 'Sum'),
      above: 0,
      what: 'An entry was changed, removed or forged',
    });
    alarm(this, 'CheckpointsLate', {
      metric: total('ledger_checkpoint_age_s', 'Maximum'),
      above: 180,
      what: 'Entries waited for a checkpoint for more than three minutes',
    });
    alarm(this, 'ResumeSlow', {
      metric: total('approval_resume_lag_ms', 'p99'),
      above: 30_000,
      what: 'Decisions take more than 30 seconds to reach the machines that wait',
    });
    alarm(this, 'UnansweredShare', {
      metric: share('approval_expired_count'),
      above: 20,
      what: 'People do not answer what they are asked',
    });
    alarm(this, 'FastShare', {
      metric: share('approval_fast_approve_count'),
      above: 30,
      what: 'People approve what they cannot have read',
    });
    for (const one of followers) {
      const age = one.metric('IteratorAge', { statistic: 'Maximum', period: FIVE_MINUTES });
      alarm(this, `${one.node.id}Behind`, {
        metric: age,
        above: 180_000,
        what: `${one.node.id} is more than three minutes behind its stream`,
      });
    }
  }
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
