import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { Env as CheckEnv } from '#functions/schedule/check-models.ts';
import { alarm, total } from './alarm.ts';
import type { DataStack } from './data-stack.ts';
import { writes } from './grants.ts';
import { Handler } from './handler.ts';

export interface ModelsProps {
  data: DataStack;
  modelBaseUrl: string;
  /** Pays for the nightly probes. */
  firstOrg: string;
}

/** Whether models still do, and cost, what the product counts on. */
export class Models extends Construct {
  constructor(scope: Construct, id: string, { data, modelBaseUrl, firstOrg }: ModelsProps) {
    super(scope, id);
    const check = new Handler<CheckEnv>(this, 'Check', {
      entry: 'schedule/check-models',
      env: {
        MODEL_BASE_URL: modelBaseUrl,
        MODEL_SECRET_ARN: data.modelSecret.secretArn,
        RUNS_TABLE: data.runs.tableName,
        FIRST_ORG: firstOrg,
      },
      timeout: Duration.minutes(15),
    });
    writes(check, data.runs);
    data.runs.grant(check, 'dynamodb:Scan');
    data.modelSecret.grantRead(check);
    new Rule(this, 'EveryNight', {
      schedule: Schedule.cron({ hour: '4', minute: '10' }),
      targets: [new LambdaFunction(check)],
    });
    this.alarms();
  }

  private alarms(): void {
    alarm(this, 'CostWithoutPrice', {
      metric: total('model_unpriced', 'Sum'),
      above: 0,
      what: 'A model answered with a surcharge whose price is not known',
    });
    alarm(this, 'CacheMissed', {
      metric: total('model_cache_miss', 'Sum', Duration.hours(1)),
      above: 5,
      what: 'Conversations are read anew instead of from the cache: something changes what was sent before',
    });
    alarm(this, 'CheckFailed', {
      metric: total('model_check_alarm', 'Sum', Duration.days(1)),
      above: 0,
      what: 'A route was closed, a model retires, or the ledger and the bill differ; the log of the check says what',
    });
  }
}
