import { only, refuse } from '../aws/service.ts';

/** A route of an HTTP API: `POST /a/{id}`, `ANY /x/{rest+}` or `$default`. */
export interface Route {
  key: string;
  method: string;
  segments: string[];
  functionName: string;
  timeoutMillis: number;
}

export interface Found {
  route: Route;
  /** Decoded, as the function gets them; undefined where the route has none. */
  parameters?: Record<string, string>;
}

/** One `AWS::ApiGatewayV2::Integration`, checked: a function behind payload format 2.0. */
export function integrationOf(
  properties: Record<string, unknown>,
): Pick<Route, 'functionName' | 'timeoutMillis'> {
  const what = 'AWS::ApiGatewayV2::Integration';
  only(what, properties, [
    ...['ApiId', 'Description', 'IntegrationMethod', 'IntegrationType', 'IntegrationUri'],
    ...['PayloadFormatVersion', 'TimeoutInMillis'],
  ]);
  const { IntegrationType: type, PayloadFormatVersion: format, IntegrationUri, TimeoutInMillis } = properties;
  if (type !== 'AWS_PROXY' || format !== '2.0') refuse(`${what} ${type} with payload format ${format}`);
  return {
    functionName: /functions\/(arn:[^/]+)/.exec(String(IntegrationUri))?.[1] ?? String(IntegrationUri),
    timeoutMillis: Number(TimeoutInMillis ?? 30_000),
  };
}

/** One `AWS::ApiGatewayV2::Route`; whoever calls it is known to the functions alone. */
export function routeOf(
  properties: Record<string, unknown>,
  integration: Pick<Route, 'functionName' | 'timeoutMillis'>,
): Route {
  const what = `AWS::ApiGatewayV2::Route ${properties.RouteKey}`;
  only(what, properties, [
    'ApiId',
    'ApiKeyRequired',
    'AuthorizationType',
    'OperationName',
    'RouteKey',
    'Target',
  ]);
  if ((properties.AuthorizationType ?? 'NONE') !== 'NONE') refuse(`${what} with an authorizer`);
  const key = String(properties.RouteKey);
  const [method = '', path = ''] = key === '$default' ? ['ANY', ''] : key.split(' ');
  return { key, method, segments: split(path), ...integration };
}

/** Finds the route of a decoded path, most specific first: literals before parameters before `{rest+}`, method before ANY. */
export function router(routes: Route[]): (method: string, path: string) => Found | undefined {
  const ordered = routes.filter(({ key }) => key !== '$default').sort((a, b) => compare(rank(a), rank(b)));
  const otherwise = routes.find(({ key }) => key === '$default');

  return (method, path) => {
    const given = split(path);
    for (const route of ordered) {
      if (route.method !== 'ANY' && route.method !== method) continue;
      const parameters = match(route.segments, given);
      if (parameters) return { route, ...(Object.keys(parameters).length > 0 && { parameters }) };
    }
    return otherwise && { route: otherwise };
  };
}

function split(path: string): string[] {
  return path.replace(/^\//, '').split('/');
}

/** The path's parameters when it fits; a parameter is never empty. */
function match(wanted: string[], given: string[]): Record<string, string> | undefined {
  const last = wanted.at(-1) ?? '';
  const open = last.endsWith('+}');
  if (open ? given.length < wanted.length : given.length !== wanted.length) return undefined;
  const values = open
    ? [...given.slice(0, wanted.length - 1), given.slice(wanted.length - 1).join('/')]
    : given;
  const fits = wanted.every((segment, at) => (nameOf(segment) ? values[at] !== '' : values[at] === segment));
  if (!fits) return undefined;
  const pairs = wanted.map((segment, at) => [nameOf(segment), values[at]] as [string | undefined, string]);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[0] !== undefined));
}

/** The name in `{name}` or `{name+}`. */
function nameOf(segment: string): string | undefined {
  return /^\{(\w[\w.:-]*)\+?\}$/.exec(segment)?.[1];
}

/** Smaller sorts first, segment by segment: a literal, a parameter, the rest; then the method. */
function rank({ segments, method }: Route): number[] {
  const kinds = segments.map((segment) => (segment.endsWith('+}') ? 2 : segment.startsWith('{') ? 1 : 0));
  return [...kinds, 3, method === 'ANY' ? 1 : 0];
}

function compare(a: number[], b: number[]): number {
  const index = a.findIndex((one, at) => one !== b[at]);
  return index < 0 ? 0 : (a[index] as number) - (b[index] ?? 0);
}
