import { AwsError } from '../../aws/service.ts';
import type { Environment } from '../expression.ts';
import { callIntrinsic } from './intrinsics.ts';
import { follow, parsePath } from './path.ts';

/** A value that a path or an intrinsic function in a field stands for; `field` is how AWS's messages name it. */
export function resolved(text: string, field: string, environment: Environment): unknown {
  if (text.startsWith('States.'))
    return callIntrinsic(text, field, (path) => resolved(path, field, environment));
  const found = lookUp(text, environment);
  if (found !== undefined) return found;
  throw runtime(
    `The JSONPath '${text}' specified for the field '${field}' could not be found in the input '${JSON.stringify(environment.states.input)}'`,
  );
}

/** What a path leads to in the input, the context object or a variable; undefined when there is nothing. */
export function lookUp(text: string, { states, variables }: Environment): unknown {
  const path = parsePath(text);
  if (!path) throw runtime(`Invalid path '${text}'`);
  const roots: Record<string, unknown> = { '': states.input, $: states.context };
  return follow(path, path.root in roots ? roots[path.root] : variables[path.root]);
}

/** `InputPath` and `OutputPath`: the part that they select; `null` selects nothing, which is an empty object. */
export function select(path: string | null | undefined, environment: Environment): unknown {
  if (path === undefined || path === '$') return environment.states.input;
  if (path === null) return {};
  const found = lookUp(path, environment);
  if (found === undefined) throw runtime(`Invalid path '${path}' : No results for path: ${bracketed(path)}`);
  return found;
}

/** A payload template: members whose names end in `.$` are looked up or computed. */
export function fill(template: unknown, environment: Environment): unknown {
  if (Array.isArray(template)) return template.map((one) => fill(one, environment));
  if (typeof template !== 'object' || template === null) return template;
  const members = Object.entries(template).map(([key, value]) =>
    key.endsWith('.$')
      ? [key.slice(0, -2), resolved(value as string, key, environment)]
      : [key, fill(value, environment)],
  );
  return Object.fromEntries(members);
}

/** `$.a.b` as Jayway writes it in its messages: `$['a']['b']`. */
function bracketed(path: string): string {
  return path.replace(/\.([\w-]+)/g, "['$1']");
}

/** The failure of a path or a function: no retrier and no States.ALL takes it. */
export function runtime(message: string): AwsError {
  return new AwsError('States.Runtime', message, 400, { isInState: true });
}
