import { CfnOutput, CfnParameter, Stack, type StackProps } from 'aws-cdk-lib';
import { type CfnStage, HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { Access } from './access.ts';
import { acknowledge } from './acknowledged.ts';
import { Agents } from './agents.ts';
import { Answers } from './answers.ts';
import { Dashboard } from './dashboard.ts';
import type { DataStack } from './data-stack.ts';
import { Intake } from './intake.ts';
import { Models } from './models.ts';
import { Pipeline } from './pipeline.ts';
import { Taps } from './taps.ts';
import { Triage } from './triage.ts';

interface ServiceProps extends StackProps {
  data: DataStack;
}

/** What may be replaced at any deploy, but for approvals: composes the capabilities, and defines nothing of theirs itself. */
export class ServiceStack extends Stack {
  /** Where every stack adds its routes. */
  readonly api: HttpApi;
  /** What happens to tickets. */
  readonly bus = new EventBus(this, 'Bus');
  /** What an operator chose at deploy. */
  readonly settings: Settings;

  constructor(scope: Construct, id: string, { data, ...props }: ServiceProps) {
    super(scope, id, props);
    this.settings = parameters(this);
    this.api = httpApi(this);
    const { api, bus, settings } = this;
    const publicUrl = api.apiEndpoint;

    const agents = new Agents(this, 'Agents', { data, modelBaseUrl: settings.modelBaseUrl });
    new Intake(this, 'Intake', { api, data, publicUrl, ...settings });
    new Answers(this, 'Answers', { data, bus, publicUrl, slackUrl: settings.slackUrl });
    new Access(this, 'Access', { api, data, publicUrl, ...settings });
    new Pipeline(this, 'Pipeline', { data, bus, agents, publicUrl, ...settings });
    new Models(this, 'Models', { data, ...settings });
    new Taps(this, 'Taps', { api, data, tap: agents.tap, publicUrl });
    new Dashboard(this, 'Dashboard', { api, data, publicUrl, ...settings });
    new Triage(this, 'Triage', { api, data, publicUrl });

    new CfnOutput(this, 'Url', {
      value: publicUrl,
      description: 'The dashboard, and the base of every webhook',
    });
    acknowledge(this, 'service');
  }
}

export type Settings = ReturnType<typeof parameters>;

/** What an operator chooses at deploy; `docs/operating.md` explains each. */
function parameters(scope: Construct) {
  const ask = (id: string, description: string, value?: string) =>
    new CfnParameter(scope, id, {
      type: 'String',
      description,
      ...(value !== undefined && { default: value }),
    }).valueAsString;
  return {
    firstOrg: ask('FirstOrg', 'Id of the first organization', 'main'),
    adminEmail: ask('AdminEmail', 'E-mail address of the first admin'),
    mailFrom: ask('MailFrom', 'E-mail address that mail is sent from; SES sends it a verification'),
    modelBaseUrl: ask('ModelBaseUrl', 'Base URL of the Messages API', 'https://api.anthropic.com'),
    oidcIssuer: ask('OidcIssuer', 'OIDC issuer for sign-in, or empty for codes by e-mail only', ''),
    slackUrl: ask('SlackUrl', 'Base URL of Slack', 'https://slack.com'),
    slots: ask('Slots', 'How many runs may work at once, of all organizations', '50'),
    slotsPerOrg: ask('SlotsPerOrg', 'How many of one organization, and exceptions: 25,acme=5', '25'),
    oidcClientId: ask('OidcClientId', 'Client id at the OIDC issuer', ''),
  };
}

/** Access logs name the route and the outcome, never a path or a query: those can hold a link's token. */
function httpApi(scope: Construct): HttpApi {
  const api = new HttpApi(scope, 'Api');
  const logs = new LogGroup(scope, 'ApiLogs', { retention: RetentionDays.ONE_MONTH });
  const fields = ['requestId', 'routeKey', 'status', 'responseLatency'];
  (api.defaultStage?.node.defaultChild as CfnStage).accessLogSettings = {
    destinationArn: logs.logGroupArn,
    format: JSON.stringify(Object.fromEntries(fields.map((name) => [name, `$context.${name}`]))),
  };
  return api;
}
