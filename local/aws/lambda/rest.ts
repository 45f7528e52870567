import { AwsError, FunctionError, type Invoke, only, type Rest, type RestReply, refuse } from '../service.ts';

interface Doors {
  invoke: Invoke;
  invokeLater(name: string, payload: unknown): string;
  /** Throws when there is no such function. */
  find(name: string): unknown;
}

/** Lambda's `Invoke`, the one operation of its REST API that is built. */
export function lambdaRest({ invoke, invokeLater, find }: Doors): Rest {
  return ({ method, path, query, headers, body }) => {
    const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path)?.[1];
    if (method !== 'POST' || !name) refuse(`Lambda ${method} ${path}`);
    only('Invoke', Object.fromEntries(query), []);
    if (headers['x-amz-log-type'] === 'Tail') refuse('Invoke with LogType Tail');
    const type = headers['x-amz-invocation-type'] ?? 'RequestResponse';
    const target = decodeURIComponent(name);
    find(target);
    const payload = parsed(body);
    if (type === 'RequestResponse') return answer(invoke(target, payload));
    if (type === 'DryRun') return { status: 204 };
    if (type !== 'Event') refuse(`the invocation type ${type}`);
    invokeLater(target, payload);
    return { status: 202 };
  };
}

function parsed(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json');
  }
}

async function answer(result: Promise<unknown>): Promise<RestReply> {
  const headers = { 'content-type': 'application/json', 'x-amz-executed-version': '$LATEST' };
  try {
    return { status: 200, headers, body: JSON.stringify(await result) };
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    return { status: 200, headers: { ...headers, 'x-amz-function-error': 'Unhandled' }, body: error.payload };
  }
}
