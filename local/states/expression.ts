import { createHash, randomUUID } from 'node:crypto';
import jsonata from 'jsonata';
import { AwsError } from '../aws/service.ts';

/** What an expression sees: variables by name, and `$states`. */
export interface Environment {
  variables: Record<string, unknown>;
  states: Record<string, unknown>;
  now: number;
}

/** One evaluation: the field is where AWS says a failure was. */
export interface Question {
  field: string;
  environment: Environment;
}

type Compiled = ReturnType<typeof jsonata>;

const compiled = new Map<string, Compiled>();
const dynamic = new WeakMap<object, boolean>();

/** The text inside `{% … %}`, or undefined for a plain string. */
function expressionIn(text: string): string | undefined {
  return text.startsWith('{%') && text.endsWith('%}') ? text.slice(2, -2).trim() : undefined;
}

function compile(source: string): Compiled {
  let expression = compiled.get(source);
  if (!expression) {
    expression = jsonata(source);
    compiled.set(source, expression);
  }
  return expression;
}

/** Why a string cannot be compiled as an expression; undefined when it can, or is none. */
export function syntaxErrorOf(text: string): string | undefined {
  const source = expressionIn(text);
  if (source === undefined) return undefined;
  try {
    compile(source);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Evaluates every expression inside a template; a failure is States.QueryEvaluationError with its location. */
export async function evaluate(template: unknown, question: Question): Promise<unknown> {
  if (!isDynamic(template)) return template;
  if (typeof template === 'string') return ask(expressionIn(template) as string, question);
  const { field, environment } = question;
  if (Array.isArray(template)) {
    const values = [];
    for (const [index, value] of template.entries())
      values.push(await evaluate(value, { field: `${field}[${index}]`, environment }));
    return values;
  }
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(template as object))
    values[key] = await evaluate(value, { field: `${field}/${key}`, environment });
  return values;
}

/** Whether any expression hides in the template; remembered, since templates belong to definitions. */
function isDynamic(template: unknown): boolean {
  if (typeof template === 'string') return expressionIn(template) !== undefined;
  if (typeof template !== 'object' || template === null) return false;
  let answer = dynamic.get(template);
  if (answer === undefined) {
    answer = Object.values(template).some(isDynamic);
    dynamic.set(template, answer);
  }
  return answer;
}

async function ask(source: string, { field, environment }: Question): Promise<unknown> {
  const failed = (what: string) =>
    queryError(`The JSONata expression '${source}' specified for the field '${field}' ${what}`, field);
  let value: unknown;
  try {
    value = await compile(source).evaluate(undefined, {
      ...functionsAt(environment.now),
      ...environment.variables,
      states: environment.states,
    });
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    throw failed(`threw an error during evaluation. ${code ? `${code}: ` : ''}${message}`);
  }
  if (value === undefined) throw failed('returned nothing (undefined).');
  if (isFunction(value)) throw failed('returned an unsupported result type.');
  // JSONata marks its sequences with extra properties: only the JSON of a result may go on.
  return typeof value === 'object' ? JSON.parse(JSON.stringify(value)) : value;
}

function isFunction(value: unknown): boolean {
  return (
    typeof value === 'function' || (value as { _jsonata_lambda?: boolean } | null)?._jsonata_lambda === true
  );
}

/** Evaluates a field whose result must be of one type; the failure names the type found, as AWS does. */
export async function evaluateAs(
  type: 'array' | 'boolean' | 'string' | 'integer',
  template: unknown,
  question: Question,
): Promise<unknown> {
  const value = await evaluate(template, question);
  if (type === 'integer' ? Number.isInteger(value) : typeOf(value) === type) return value;
  const source =
    (typeof template === 'string' ? expressionIn(template) : undefined) ?? JSON.stringify(template);
  throw queryError(
    `The JSONata expression '${source}' specified for the field '${question.field}' returned an unexpected result type. Expected '${type}', but was '${typeOf(value)}' for value: ${JSON.stringify(value)}`,
    question.field,
  );
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** States.QueryEvaluationError; `location` is the field, where AWS names one. */
export function queryError(
  message: string,
  location?: string,
  detail: Record<string, unknown> = {},
): AwsError {
  return new AwsError('States.QueryEvaluationError', message, 400, { location, ...detail });
}

/** What Step Functions adds to JSONata, takes from it ($eval), and the time as the execution sees it. */
function functionsAt(now: number): Record<string, unknown> {
  return {
    ...functions,
    millis: () => now,
    now: (picture?: string, zone?: string) => format(now, picture, zone),
  };
}

async function format(now: number, picture?: string, zone?: string): Promise<unknown> {
  return compile('$fromMillis($at, $picture, $zone)').evaluate(undefined, { at: now, picture, zone });
}

const algorithms: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

const functions = {
  eval: undefined,
  partition(list: unknown[], size: number) {
    if (!Number.isInteger(size) || size < 1) throw new Error('The chunk size must be a positive integer');
    return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
      list.slice(i * size, (i + 1) * size),
    );
  },
  range(first: number, last: number, step: number) {
    const length = Math.floor((last - first) / step) + 1;
    if (!Number.isInteger(step) || step === 0 || length > 1000)
      throw new Error('The range must have a step and at most 1000 items');
    return Array.from({ length: Math.max(0, length) }, (_, index) => first + index * step);
  },
  hash(text: string, algorithm: string) {
    const name = algorithms[algorithm];
    if (!name) throw new Error(`Unknown hash algorithm ${algorithm}`);
    return createHash(name).update(text).digest('hex');
  },
  random: (seed?: number) => (seed === undefined ? Math.random() : seeded(seed)),
  uuid: () => randomUUID(),
  parse: (text: string) => JSON.parse(text),
};

/** The same number in [0, 1) for the same seed; AWS's own numbers are not published. */
function seeded(seed: number): number {
  return createHash('sha256').update(String(seed)).digest().readUInt32BE() / 2 ** 32;
}
