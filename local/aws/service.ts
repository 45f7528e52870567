/** What a service answers in the words of its API model: operation name → handler of the parsed JSON input. */
// biome-ignore lint/suspicious/noExplicitAny: each operation narrows its own input
export type Operations = Record<string, (input: any, call: Call) => unknown>;

export interface Call {
  /** Aborted when the caller hangs up: a long poll must not hand out a message to nobody. */
  signal: AbortSignal;
}

/** A request of a REST-style API (S3, SES v2, Lambda, Scheduler), body unread beyond memory limits. */
export interface RestRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

export interface RestReply {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export type Rest = (request: RestRequest) => Promise<RestReply> | RestReply;

/** An error as AWS reports it: `code` is the shape's name, `detail` its further members. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: Record<string, unknown>;

  constructor(code: string, message: string, status = 400, detail: Record<string, unknown> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.detail = detail;
  }
}

/** Refuses loudly what is not built: never ignore a call or a parameter that would change the answer on AWS. */
export function refuse(what: string): never {
  throw new AwsError('NotImplemented', `The local AWS does not implement ${what}`, 501);
}

/** Refuses every member of `input` that `known` does not list, by name. */
export function only(operation: string, input: object, known: readonly string[]): void {
  const unknown = Object.entries(input).filter(([key, value]) => value !== undefined && !known.includes(key));
  if (unknown.length > 0) refuse(`${operation} with ${unknown.map(([key]) => key).join(', ')}`);
}

/** Runs a Lambda function by ARN or name and answers its parsed result. Throws {@link FunctionError} when it throws. */
export type Invoke = (functionName: string, payload: unknown) => Promise<unknown>;

/** A function that threw or timed out, as Lambda reports it: `name` is the error type, `message` the error message. */
export class FunctionError extends Error {
  /** The function's error payload as JSON text: `{"errorType":…,"errorMessage":…,"trace":[…]}`. */
  readonly payload: string;

  constructor(errorType: string, errorMessage: string, trace: string[] = []) {
    super(errorMessage);
    this.name = errorType;
    this.payload = JSON.stringify({ errorType, errorMessage, trace });
  }
}
