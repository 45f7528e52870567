import { Ajv, type ValidateFunction } from 'ajv';
import github from './github-api.json' with { type: 'json' };

type Schema = object | undefined;
interface Operation {
  query: Record<string, object>;
  body?: Schema;
  answers: Record<string, Schema>;
}

/** A call of GitHub's REST API as it went over the wire. */
export interface Call {
  method: string;
  /** With its query, and without the API's own prefix. */
  path: string;
  body?: unknown;
  status: number;
  answer?: unknown;
}

// OpenAPI 3.0 has formats of its own.
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, coerceTypes: false });
ajv.addSchema({ $id: 'asked', schemas: github.schemas });
ajv.addSchema({ $id: 'answered', schemas: optional(github.schemas) });
const operations = Object.entries(github.operations as Record<string, Operation>).map(
  ([name, operation]) => ({
    name,
    pattern: patternOf(name),
    operation,
    compiled: new Map<string, ValidateFunction>(),
  }),
);

/** Where a call is not as GitHub's published description has it: what was asked wholly, of what was answered whatever is there. */
export function unlikeGitHub({ method, path, body, status, answer }: Call): string[] {
  const { pathname, searchParams } = new URL(path, 'https://api.github.com');
  const found = operations.find(({ pattern }) => pattern.test(`${method} ${pathname}`));
  if (!found)
    return [`${method} ${pathname}: GitHub's description, as far as it is kept here, has no such call`];
  const { operation } = found;
  const check = (part: string, $id: string, schema: Schema, value: unknown) => {
    const known = found.compiled.get(part) ?? ajv.compile(referring(schema ?? {}, $id));
    found.compiled.set(part, known);
    return known(value) ? [] : [`${found.name}, ${part}: ${ajv.errorsText(known.errors)}`];
  };
  const query = [...searchParams].flatMap(([name, value]) => {
    const schema = operation.query[name] as { type?: string } | undefined;
    if (!schema) return [`${found.name}: there is no ?${name}`];
    return check(`?${name}`, 'asked', schema, schema.type === 'integer' ? Number(value) : value);
  });
  const strange = Object.keys(body ?? {}).filter((key) => !isKnown(operation.body, key));
  return [
    ...query,
    ...(body === undefined ? [] : check('body', 'asked', operation.body, body)),
    ...strange.map((key) => `${found.name}, body: there is no ${key}`),
    ...(status >= 300
      ? []
      : check(String(status), 'answered', optional(answered(operation, status)), answer)),
  ];
}

/** Notes every call to an API below `prefix` that is unlike GitHub's; `stop` gives the calls' way back. */
export function watched(prefix: () => string): { unlike: string[]; calls: string[]; stop(): void } {
  const { fetch } = globalThis;
  const noted = {
    unlike: [] as string[],
    calls: [] as string[],
    stop: () => {
      globalThis.fetch = fetch;
    },
  };
  globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init);
    const url = String(input);
    if (!url.startsWith(prefix())) return response;
    const method = init?.method ?? 'GET';
    const body = typeof init?.body === 'string' && init.body ? JSON.parse(init.body) : undefined;
    const text = await response.clone().text();
    const isJson = response.headers.get('content-type')?.includes('json');
    const path = url.slice(prefix().length);
    noted.calls.push(`${method} ${path}`);
    noted.unlike.push(
      ...unlikeGitHub({
        method,
        path,
        body,
        status: response.status,
        answer: isJson && text ? JSON.parse(text) : text,
      }),
    );
    return response;
  };
  return noted;
}

function answered({ answers }: Operation, status: number): Schema {
  return answers[String(status)];
}

function isKnown(schema: Schema, key: string): boolean {
  const { properties, oneOf, anyOf } = (schema ?? {}) as {
    properties?: object;
    oneOf?: object[];
    anyOf?: object[];
  };
  return key in (properties ?? {}) || [...(oneOf ?? []), ...(anyOf ?? [])].some((one) => isKnown(one, key));
}

/** A double answers a part of what the real one does: what is there has to be right. */
function optional<T>(schema: T): T {
  return mapped(schema, (entries) =>
    entries.filter(([key, value]) => !(key === 'required' && Array.isArray(value))),
  );
}

function referring<T>(schema: T, $id: string): T {
  return mapped(schema, (entries) =>
    entries.map(([key, value]) => [key, key === '$ref' ? `${$id}${value}` : value]),
  );
}

function mapped<T>(schema: T, change: (entries: [string, unknown][]) => [string, unknown][]): T {
  if (Array.isArray(schema)) return schema.map((one) => mapped(one, change)) as T;
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = change(Object.entries(schema)).map(([key, value]) => [key, mapped(value, change)]);
  return Object.fromEntries(entries) as T;
}

/** The last place of a path to a file or a ref may hold slashes. */
function patternOf(name: string): RegExp {
  const path = name.replace(/\{(path|ref)\}$/, '.+').replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${path}$`);
}
