import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError, FunctionError, type Invoke, only, refuse } from '../aws/service.ts';
import type { Clock } from '../clock.ts';
import { eventOf, target } from './event.ts';
import { type Answer, answerOf, message } from './reply.ts';
import { type Found, integrationOf, type Route, routeOf, router } from './routes.ts';

export interface Gateway {
  defineApi(id: string, properties: Record<string, unknown>): void;
  defineStage(properties: Record<string, unknown>): void;
  /** `id` is what a route's target names. */
  defineIntegration(id: string, properties: Record<string, unknown>): void;
  defineRoute(properties: Record<string, unknown>): void;
  /** Answers a request of the API; there is one API and one stage. */
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/** API Gateway takes bodies of 10 MB. */
const MAX_BODY = 10 * 1024 * 1024;

/** An API Gateway HTTP API before functions of payload format 2.0. */
export function gateway(clock: Clock, invoke: Invoke): Gateway {
  const integrations = new Map<string, ReturnType<typeof integrationOf>>();
  const routes = new Map<string, Route>();
  let apiId = '';
  let find = router([]);

  async function answer(request: IncomingMessage): Promise<Answer> {
    const body = await read(request);
    if (!body) return message(413, 'Request Entity Too Large');
    const found = find(request.method ?? 'GET', target(request.url).path);
    if (!found) return message(404, 'Not Found');
    return call(found, eventOf({ message: request, body, apiId, now: clock.now() }, found));
  }

  async function call({ route }: Found, event: object): Promise<Answer> {
    const outcome = Promise.withResolvers<Answer>();
    const late = () => outcome.resolve(message(503, 'Service Unavailable'));
    const forget = clock.at(clock.now() + route.timeoutMillis, late);
    invoke(route.functionName, event)
      .then((result) => answerOf(result) ?? message(500, 'Internal Server Error'), failure)
      .then(outcome.resolve, outcome.reject);
    return outcome.promise.finally(forget);
  }

  return {
    defineApi: (id, properties) => {
      only('AWS::ApiGatewayV2::Api', properties, [
        ...[
          'Description',
          'DisableExecuteApiEndpoint',
          'Name',
          'ProtocolType',
          'RouteSelectionExpression',
          'Tags',
        ],
      ]);
      if (properties.ProtocolType !== 'HTTP') refuse(`an API of the protocol ${properties.ProtocolType}`);
      if (apiId && apiId !== id) refuse('more than one API');
      apiId = id;
    },
    defineStage: checkStage,
    defineIntegration: (id, properties) => void integrations.set(id, integrationOf(properties)),
    defineRoute: (properties) => {
      const integration = integrations.get(String(properties.Target).replace('integrations/', ''));
      if (!integration) throw new AwsError('NotFoundException', `No integration ${properties.Target}`);
      const route = routeOf(properties, integration);
      routes.set(route.key, route);
      find = router([...routes.values()]);
    },
    handle: (request, response) => {
      void answer(request)
        .catch(() => message(500, 'Internal Server Error'))
        .then((given) => send(response, given));
    },
  };
}

/** Limits on the rate and access logs belong to the real gateway; they change nothing for one user. */
function checkStage(properties: Record<string, unknown>): void {
  only('AWS::ApiGatewayV2::Stage', properties, [
    ...['AccessLogSettings', 'ApiId', 'AutoDeploy', 'DefaultRouteSettings', 'Description', 'RouteSettings'],
    ...['StageName', 'Tags'],
  ]);
  if (properties.StageName !== '$default') refuse(`the stage ${properties.StageName}`);
}

function failure(error: unknown): Answer {
  if (error instanceof FunctionError) return message(500, 'Internal Server Error');
  const code = error instanceof AwsError ? error.code : '';
  if (code === 'RequestTooLargeException') return message(413, 'Request Entity Too Large');
  if (code === 'TooManyRequestsException') return message(503, 'Service Unavailable');
  throw error;
}

/** The whole body, or undefined when it is larger than the gateway takes; the rest of it is drained unseen. */
async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return size <= MAX_BODY ? Buffer.concat(chunks) : undefined;
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { 'content-length': body.length, 'apigw-requestid': randomUUID(), ...headers });
  response.end(body);
}
