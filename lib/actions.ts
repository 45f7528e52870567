import { Duration } from 'aws-cdk-lib';
import { type HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Env as CarryOutEnv } from '#functions/http/carry-out.ts';
import type { Env as FreezeEnv } from '#functions/http/freeze.ts';
import type { Env as PolicyEnv } from '#functions/http/policy.ts';
import type { Env as ProposeEnv } from '#functions/http/propose-action.ts';
import type { Env as OursEnv } from '#functions/queue/carry-out-action.ts';
import { askEnv, asks } from './asking.ts';
import type { DataStack } from './data-stack.ts';
import { consumes, reliableQueue } from './dead-letters.ts';
import { knowsPeople, reads, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';
import { readsSlackApps, slackEnv } from './slack-apps.ts';

export interface ActionsProps {
  api: HttpApi;
  data: DataStack;
  publicUrl: string;
  slackUrl: string;
}

/**
 * How agents get leave to act: they propose, and take up what was approved; the platform's own actions are carried out
 * from a queue. None of these functions decides; only the last puts another policy in force.
 */
export class Actions extends Construct {
  /** Approved actions that the platform itself carries out. */
  readonly toCarryOut = reliableQueue(this, 'ToCarryOut', Duration.minutes(3));

  constructor(scope: Construct, id: string, { api, data, publicUrl, slackUrl }: ActionsProps) {
    super(scope, id);
    const env = {
      ...askEnv(data),
      ...slackEnv(slackUrl),
      SESSION_SECRET_ARN: data.sessionSecret.secretArn,
      PUBLIC_URL: publicUrl,
    };
    const propose = new Handler<ProposeEnv>(this, 'Propose', { entry: 'http/propose-action', env });
    const carryOut = new Handler<CarryOutEnv>(this, 'CarryOut', { entry: 'http/carry-out', env });
    const showPolicy = new Handler<PolicyEnv>(this, 'ShowPolicy', { entry: 'http/policy', env });
    const changePolicy = new Handler<PolicyEnv>(this, 'ChangePolicy', { entry: 'http/policy', env });
    const freeze = new Handler<FreezeEnv>(this, 'Freeze', { entry: 'http/freeze', env });
    freeze.addToRolePolicy(freezes(data));
    for (const fn of [propose, carryOut, changePolicy, freeze]) asks(fn, data);
    for (const fn of [propose, carryOut, changePolicy, showPolicy, freeze]) knowsPeople(fn, data);
    for (const fn of [propose, carryOut]) readsSlackApps(fn);
    reads(showPolicy, data.policies);
    this.ours(data);
    addRoutes(this, api, [
      [HttpMethod.POST, '/v1/actions/propose', propose],
      [HttpMethod.POST, '/v1/actions/{id}/redemption', carryOut],
      [HttpMethod.POST, '/v1/actions/{id}/result', carryOut],
      [HttpMethod.GET, '/v1/policy', showPolicy],
      [HttpMethod.POST, '/v1/policy', changePolicy],
      [HttpMethod.POST, '/v1/freeze', freeze],
      [HttpMethod.DELETE, '/v1/freeze', freeze],
    ]);
  }

  private ours(data: DataStack): void {
    const ours = new Handler<OursEnv>(this, 'Ours', { entry: 'queue/carry-out-action', env: askEnv(data) });
    asks(ours, data);
    writes(ours, data.policies);
    consumes(ours, this.toCarryOut, { data });
  }
}

/** Writing freezes, and no policy. */
function freezes({ policies }: DataStack): PolicyStatement {
  return new PolicyStatement({
    actions: ['dynamodb:PutItem'],
    resources: [policies.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['FREEZE#*'] } },
  });
}
