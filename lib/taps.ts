import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Env as ListEnv } from '#functions/task/list-taps.ts';
import type { Env as RecordEnv } from '#functions/task/record-check.ts';
import type { Container } from './container.ts';
import type { DataStack } from './data-stack.ts';
import { keepsFiles, reads, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { tapsMachine } from './taps.machine.ts';

export interface TapsProps {
  data: DataStack;
  tap: Container;
}

/** Every Monday at 05:00 UTC each tap is discovered and compared with its last catalog; a change becomes a ticket. */
export class Taps extends Construct {
  constructor(scope: Construct, id: string, { data, tap }: TapsProps) {
    super(scope, id);
    const list = new Handler<ListEnv>(this, 'List', {
      entry: 'task/list-taps',
      env: { PROJECTS_TABLE: data.projects.tableName },
      timeout: Duration.minutes(1),
    });
    // The only scan there is: no key lists the organizations, and one look a week at a small table is not worth an index.
    data.projects.grant(list, 'dynamodb:Scan');
    const record = new Handler<RecordEnv>(this, 'Record', {
      entry: 'task/record-check',
      env: {
        TICKETS_TABLE: data.tickets.tableName,
        DELIVERIES_TABLE: data.deliveries.tableName,
        ARTIFACTS_BUCKET: data.artifacts.bucketName,
      },
    });
    writes(record, data.tickets, data.deliveries);
    keepsFiles(record, data.artifacts, 'discovered/', { isWriter: false });
    keepsFiles(record, data.artifacts, 'catalogs/', { isWriter: true });
    keepsFiles(record, data.artifacts, 'checks/', { isWriter: true });
    reads(tap.task.taskRole, data.projects);
    keepsFiles(tap.task.taskRole, data.artifacts, 'discovered/', { isWriter: true });

    const machine = new sfn.StateMachine(this, 'Machine', {
      queryLanguage: sfn.QueryLanguage.JSONATA,
      definitionBody: sfn.DefinitionBody.fromChainable(tapsMachine(this, { list, record, tap })),
      tracingEnabled: true,
      logs: {
        level: sfn.LogLevel.ALL,
        includeExecutionData: false,
        destination: new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_MONTH }),
      },
    });
    new Rule(this, 'Weekly', {
      schedule: Schedule.cron({ weekDay: 'MON', hour: '5', minute: '0' }),
      targets: [new SfnStateMachine(machine)],
    });
  }
}
