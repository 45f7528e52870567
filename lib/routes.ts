import { type HttpApi, type HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/** One route each: method, path, function. They belong to the stack of `scope`, which need not be the API's. */
export function addRoutes(scope: Construct, api: HttpApi, routes: [HttpMethod, string, IFunction][]): void {
  for (const [method, path, fn] of routes) {
    new HttpRoute(scope, `${method} ${path}`, {
      httpApi: api,
      routeKey: HttpRouteKey.with(path, method),
      integration: new HttpLambdaIntegration(`${method} ${path}`, fn),
    });
  }
}
