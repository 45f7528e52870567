import { Duration } from 'aws-cdk-lib';
import { type HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { Env as AskedEnv } from '#functions/http/repair-deliveries.ts';
import type { Env as HourlyEnv } from '#functions/schedule/repair-gaps.ts';
import type { DataStack } from './data-stack.ts';
import { knowsPeople, reads } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';

export interface GapsProps {
  api: HttpApi;
  data: DataStack;
  publicUrl: string;
  firstOrg: string;
}

/** What the forge has told and never came is asked for again: each hour, and when a lead says so. These functions write nothing: it comes by the usual door. */
export class Gaps extends Construct {
  constructor(scope: Construct, id: string, { api, data, publicUrl, firstOrg }: GapsProps) {
    super(scope, id);
    const env = {
      DELIVERIES_TABLE: data.deliveries.tableName,
      PROJECTS_TABLE: data.projects.tableName,
      FORGE_SECRET_ARN: data.forgeSecret.secretArn,
      PUBLIC_URL: publicUrl,
    };
    const hourly = new Handler<HourlyEnv>(this, 'Hourly', {
      entry: 'schedule/repair-gaps',
      env: { ...env, FIRST_ORG: firstOrg },
      timeout: Duration.minutes(5),
    });
    const asked = new Handler<AskedEnv>(this, 'Asked', {
      entry: 'http/repair-deliveries',
      env: {
        ...env,
        PEOPLE_TABLE: data.people.tableName,
        SESSION_SECRET_ARN: data.sessionSecret.secretArn,
      },
    });
    knowsPeople(asked, data);
    for (const fn of [hourly, asked]) {
      reads(fn, data.deliveries, data.projects);
      data.forgeSecret.grantRead(fn);
    }
    new Rule(this, 'EveryHour', {
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [new LambdaFunction(hourly)],
    });
    addRoutes(this, api, [[HttpMethod.POST, '/api/deliveries/repair', asked]]);
  }
}
