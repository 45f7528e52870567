import { type HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import type { Env as CarryOutEnv } from '#functions/http/carry-out.ts';
import type { Env as ProposeEnv } from '#functions/http/propose-action.ts';
import { askEnv, asks } from './asking.ts';
import type { DataStack } from './data-stack.ts';
import { knowsPeople } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';

export interface ActionsProps {
  api: HttpApi;
  data: DataStack;
  publicUrl: string;
}

/** How agents get leave to act: they propose, and take up what was approved. Neither function decides. */
export class Actions extends Construct {
  constructor(scope: Construct, id: string, { api, data, publicUrl }: ActionsProps) {
    super(scope, id);
    const env = { ...askEnv(data), SESSION_SECRET_ARN: data.sessionSecret.secretArn, PUBLIC_URL: publicUrl };
    const propose = new Handler<ProposeEnv>(this, 'Propose', { entry: 'http/propose-action', env });
    const carryOut = new Handler<CarryOutEnv>(this, 'CarryOut', { entry: 'http/carry-out', env });
    for (const fn of [propose, carryOut]) {
      asks(fn, data);
      knowsPeople(fn, data);
    }
    addRoutes(api, [
      [HttpMethod.POST, '/v1/actions/propose', propose],
      [HttpMethod.POST, '/v1/actions/{id}/redemption', carryOut],
      [HttpMethod.POST, '/v1/actions/{id}/result', carryOut],
    ]);
  }
}
