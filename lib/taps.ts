import { Duration } from 'aws-cdk-lib';
import { type HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Env as CheckEnv } from '#functions/http/check-taps.ts';
import type { Env as ListEnv } from '#functions/task/list-taps.ts';
import type { Env as RecordEnv } from '#functions/task/record-check.ts';
import type { Container } from './container.ts';
import { lendsCredentials } from './credentials.ts';
import type { DataStack } from './data-stack.ts';
import { keepsFiles, knowsPeople, reads, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';
import { tapsMachine } from './taps.machine.ts';

export interface TapsProps {
  api: HttpApi;
  data: DataStack;
  tap: Container;
  publicUrl: string;
}

/** Containers at once, unless the operator's context says `tapsAtOnce`: what forges and APIs bear, not what AWS does. */
const AT_ONCE = 5;

/** Every Monday at 05:00 UTC, or every day where its integration says so, each tap is discovered and compared with its last catalog; a change becomes a ticket. */
export class Taps extends Construct {
  constructor(scope: Construct, id: string, { api, data, tap, publicUrl }: TapsProps) {
    super(scope, id);
    const ARTIFACTS_BUCKET = data.artifacts.bucketName;
    const PROJECTS_TABLE = data.projects.tableName;
    const list = new Handler<ListEnv>(this, 'List', {
      entry: 'task/list-taps',
      env: { PROJECTS_TABLE, ARTIFACTS_BUCKET },
      timeout: Duration.minutes(1),
    });
    // The only scan there is: no key lists the organizations, and one look a week at a small table is not worth an index.
    data.projects.grant(list, 'dynamodb:Scan');
    keepsFiles(list, data.artifacts, 'checks/lists/', { isWriter: true });
    const record = new Handler<RecordEnv>(this, 'Record', {
      entry: 'task/record-check',
      env: {
        TICKETS_TABLE: data.tickets.tableName,
        DELIVERIES_TABLE: data.deliveries.tableName,
        CHECKS_TABLE: data.checks.tableName,
        PROJECTS_TABLE,
        ARTIFACTS_BUCKET,
      },
      timeout: Duration.minutes(1),
    });
    writes(record, data.tickets, data.deliveries, data.checks);
    reads(record, data.projects);
    keepsFiles(record, data.artifacts, 'discovered/', { isWriter: false });
    keepsFiles(record, data.artifacts, 'catalogs/', { isWriter: true });
    keepsFiles(record, data.artifacts, 'checks/', { isWriter: true });
    reads(tap.task.taskRole, data.projects);
    data.leases.grant(tap.task.taskRole, 'dynamodb:UpdateItem');
    lendsCredentials(tap.task.taskRole);
    keepsFiles(tap.task.taskRole, data.artifacts, 'discovered/', { isWriter: true });

    const atOnce = Number(this.node.tryGetContext('tapsAtOnce') ?? AT_ONCE);
    const machine = new sfn.StateMachine(this, 'Machine', {
      queryLanguage: sfn.QueryLanguage.JSONATA,
      definitionBody: sfn.DefinitionBody.fromChainable(
        tapsMachine(this, { list, record, tap, files: data.artifacts, atOnce }),
      ),
      tracingEnabled: true,
      logs: {
        level: sfn.LogLevel.ALL,
        includeExecutionData: false,
        destination: new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_MONTH }),
      },
    });
    const at = (weekDay: string) => Schedule.cron({ weekDay, hour: '5', minute: '0' });
    new Rule(this, 'Weekly', { schedule: at('MON'), targets: [new SfnStateMachine(machine)] });
    const input = RuleTargetInput.fromObject({ schedule: 'daily' });
    new Rule(this, 'Daily', { schedule: at('TUE-SUN'), targets: [new SfnStateMachine(machine, { input })] });

    const asked = this.asked(data, { machine, publicUrl });
    addRoutes(this, api, [
      [HttpMethod.POST, '/api/drift/checks', asked],
      [HttpMethod.POST, '/api/drift/{owner}/{name}/accept', asked],
    ]);
  }

  /** What leads ask for. */
  private asked(
    data: DataStack,
    { machine, publicUrl }: { machine: sfn.StateMachine; publicUrl: string },
  ): Handler<CheckEnv> {
    const checkNow = new Handler<CheckEnv>(this, 'CheckNow', {
      entry: 'http/check-taps',
      env: {
        PROJECTS_TABLE: data.projects.tableName,
        ARTIFACTS_BUCKET: data.artifacts.bucketName,
        CHECKS_TABLE: data.checks.tableName,
        TICKETS_TABLE: data.tickets.tableName,
        DELIVERIES_TABLE: data.deliveries.tableName,
        TAPS_MACHINE_ARN: machine.stateMachineArn,
        PEOPLE_TABLE: data.people.tableName,
        SESSION_SECRET_ARN: data.sessionSecret.secretArn,
        PUBLIC_URL: publicUrl,
      },
    });
    reads(checkNow, data.projects);
    knowsPeople(checkNow, data);
    machine.grantStartExecution(checkNow);
    // A lead accepts a drift: the last check is noted, its tickets are closed, and what it saw is the baseline.
    data.checks.grant(checkNow, 'dynamodb:Query', 'dynamodb:UpdateItem');
    data.tickets.grant(checkNow, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    keepsFiles(checkNow, data.artifacts, 'discovered/', { isWriter: false });
    keepsFiles(checkNow, data.artifacts, 'checks/', { isWriter: false });
    keepsFiles(checkNow, data.artifacts, 'catalogs/', { isWriter: true });
    return checkNow;
  }
}
