import { AwsError } from './aws/service.ts';

/** What names mean in the template that is being read. */
export interface Scope {
  /** A parameter, a pseudo parameter or a resource. */
  ref(name: string): unknown;
  attribute(resource: string, name: string): unknown;
  /** What some stack exports under `name`. */
  exported(name: string): unknown;
  /** An output of another stack, by the names of both. */
  output(stack: string, name: string): unknown;
  condition(name: string): unknown;
}

/** `Ref: AWS::NoValue`: the property that holds it is left out. */
export const NO_VALUE = Symbol('AWS::NoValue');

type Value = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: every function takes the arguments that CloudFormation gives it
type Intrinsic = (argument: any, scope: Scope) => unknown;

const INTRINSICS: Record<string, Intrinsic> = {
  Ref: (name: string, scope) => scope.ref(name),
  'Fn::GetAtt': (path: string | [string, unknown], scope) => attribute(path, scope),
  'Fn::Join': ([separator, parts]: [string, unknown], scope) => list(parts, scope).join(separator),
  'Fn::Split': ([separator, text]: [string, unknown], scope) =>
    String(evaluate(text, scope)).split(separator),
  'Fn::Select': ([index, from]: [unknown, unknown], scope) =>
    list(from, scope)[Number(evaluate(index, scope))],
  'Fn::Sub': (argument: string | [string, Value], scope) => substitute(argument, scope),
  'Fn::ImportValue': (name, scope) => scope.exported(String(evaluate(name, scope))),
  'Fn::GetStackOutput': ({ StackName, OutputName }: Value, scope) =>
    scope.output(String(evaluate(StackName, scope)), String(evaluate(OutputName, scope))),
  'Fn::If': ([name, yes, no]: [string, unknown, unknown], scope) =>
    evaluate(scope.condition(name) ? yes : no, scope),
  'Fn::Equals': ([a, b], scope) => evaluate(a, scope) === evaluate(b, scope),
  'Fn::Not': ([condition], scope) => !evaluate(condition, scope),
  'Fn::And': (conditions: unknown[], scope) => conditions.every((one) => evaluate(one, scope)),
  'Fn::Or': (conditions: unknown[], scope) => conditions.some((one) => evaluate(one, scope)),
};

/** The value with every intrinsic replaced by what it stands for. Throws on one that is not built, by name. */
export function evaluate(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) {
    return value.map((one) => evaluate(one, scope)).filter((one) => one !== NO_VALUE);
  }
  if (typeof value === 'string') return literal(value);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name = '', argument] = entries[0] ?? [];
  if (entries.length === 1 && (name === 'Ref' || name.startsWith('Fn::'))) {
    const intrinsic = INTRINSICS[name] ?? unknown(name);
    return intrinsic(argument, scope);
  }
  if (entries.length === 1 && name === 'Condition' && typeof argument === 'string') {
    return scope.condition(argument);
  }
  const pairs = entries.map(([key, one]) => [key, evaluate(one, scope)] as const);
  return Object.fromEntries(pairs.filter(([, one]) => one !== NO_VALUE));
}

function unknown(name: string): never {
  throw new AwsError('TemplateError', `The local AWS does not implement the intrinsic ${name}`);
}

function literal(text: string): string {
  if (!text.includes('{{resolve:')) return text;
  throw new AwsError('TemplateError', `The local AWS does not resolve dynamic references: ${text}`);
}

function list(value: unknown, scope: Scope): unknown[] {
  const items = evaluate(value, scope);
  if (!Array.isArray(items)) throw new AwsError('TemplateError', `Not a list: ${JSON.stringify(value)}`);
  return items;
}

function attribute(path: string | [string, unknown], scope: Scope): unknown {
  if (typeof path !== 'string') return scope.attribute(path[0], String(evaluate(path[1], scope)));
  const [resource = '', ...name] = path.split('.');
  return scope.attribute(resource, name.join('.'));
}

function substitute(argument: string | [string, Value], scope: Scope): string {
  const [text, own] = typeof argument === 'string' ? [argument, {}] : argument;
  return text.replace(/\$\{(!?)([^}]+)\}/g, (_, bang: string, name: string) => {
    if (bang) return `\${${name}}`;
    if (Object.hasOwn(own, name)) return String(evaluate((own as Value)[name], scope));
    return String(name.includes('.') ? attribute(name, scope) : scope.ref(name));
  });
}
