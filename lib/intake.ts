import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import type { Env as ErpEnv } from '#functions/http/erp-webhook.ts';
import type { Env as GitHubEnv } from '#functions/http/github-webhook.ts';
import type { Env as JiraEnv } from '#functions/http/jira-webhook.ts';
import type { Env as ReplayEnv } from '#functions/http/replay-deliveries.ts';
import type { Env as RestEnv } from '#functions/http/rest-intake.ts';
import type { Env as SlackEnv } from '#functions/http/slack-intake.ts';
import type { DataStack } from './data-stack.ts';
import { knowsPeople, queueEnv, reads, readsSecretsBelow, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';
import { readsSlackApps, slackEnv } from './slack-apps.ts';

const PREFIX = 'signalbox/webhooks';

export interface IntakeProps {
  api: HttpApi;
  data: DataStack;
  publicUrl: string;
  slots: string;
  slotsPerOrg: string;
}

/** The doors tickets come in by: one route and one function per source, all writing the same two tables. */
export class Intake extends Construct {
  constructor(scope: Construct, id: string, { api, data, publicUrl, ...limits }: IntakeProps) {
    super(scope, id);
    const tables = { TICKETS_TABLE: data.tickets.tableName, DELIVERIES_TABLE: data.deliveries.tableName };
    const webhook = { ...tables, WEBHOOK_SECRETS_PREFIX: PREFIX };

    const github = new Handler<GitHubEnv>(this, 'GitHub', { entry: 'http/github-webhook', env: webhook });
    const jira = new Handler<JiraEnv>(this, 'Jira', { entry: 'http/jira-webhook', env: webhook });
    const erp = new Handler<ErpEnv>(this, 'Erp', { entry: 'http/erp-webhook', env: webhook });
    const slack = new Handler<SlackEnv>(this, 'Slack', {
      entry: 'http/slack-intake',
      env: { ...tables, SLACK_PREFIX: slackEnv('').SLACK_PREFIX, PUBLIC_URL: publicUrl },
    });
    readsSlackApps(slack);
    const asked = {
      ...tables,
      PEOPLE_TABLE: data.people.tableName,
      SESSION_SECRET_ARN: data.sessionSecret.secretArn,
      PUBLIC_URL: publicUrl,
    };
    const rest = new Handler<RestEnv>(this, 'Rest', {
      entry: 'http/rest-intake',
      env: { ...asked, ...queueEnv(data, limits) },
    });
    reads(rest, data.queue);
    const replay = new Handler<ReplayEnv>(this, 'Replay', { entry: 'http/replay-deliveries', env: asked });
    for (const fn of [github, jira, erp, slack, rest, replay]) writes(fn, data.tickets, data.deliveries);
    for (const fn of [rest, replay]) knowsPeople(fn, data);
    for (const fn of [github, jira, erp]) readsSecretsBelow(fn, PREFIX);

    addRoutes(this, api, [
      [HttpMethod.POST, '/webhooks/{org}/github', github],
      [HttpMethod.POST, '/webhooks/{org}/jira', jira],
      [HttpMethod.POST, '/webhooks/{org}/erp', erp],
      [HttpMethod.POST, '/webhooks/{org}/hotglue', erp],
      [HttpMethod.POST, '/webhooks/slack/{org}/events', slack],
      [HttpMethod.POST, '/webhooks/slack/{org}/commands', slack],
      [HttpMethod.POST, '/api/issues', rest],
      [HttpMethod.POST, '/api/deliveries/replay', replay],
    ]);
  }
}
