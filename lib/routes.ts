import type { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';

/** One route each: method, path, function. */
export function addRoutes(api: HttpApi, routes: [HttpMethod, string, IFunction][]): void {
  for (const [method, path, fn] of routes) {
    api.addRoutes({
      path,
      methods: [method],
      integration: new HttpLambdaIntegration(`${method} ${path}`, fn),
    });
  }
}
