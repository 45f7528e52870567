import type { Catcher, Choice, State } from '../definition.ts';
import type { Environment } from '../expression.ts';
import { environmentOf, type Run, type Scope, stateOf } from '../scope.ts';
import { parsePath, put } from './path.ts';
import { fill, lookUp, resolved, runtime, select } from './template.ts';

/** Whether a state is in JSONPath, which is what a definition is in that names no language. */
export function isPath(run: Run, scope: Scope): boolean {
  return (stateOf(run, scope).QueryLanguage ?? run.machine.QueryLanguage ?? 'JSONPath') === 'JSONPath';
}

/** What a state sees as `$`: its input after `InputPath`, unless `input` is given. */
export function pathEnvironment(run: Run, scope: Scope, input?: unknown): Environment {
  const environment = environmentOf(run, scope);
  const seen = input === undefined ? select(stateOf(run, scope).InputPath, environment) : input;
  return { ...environment, states: { ...environment.states, input: seen } };
}

/** What a state works with: its input after `InputPath` and `Parameters`. */
export function argumentsOf(run: Run, scope: Scope): unknown {
  const { Parameters } = stateOf(run, scope);
  const environment = pathEnvironment(run, scope);
  return Parameters === undefined ? environment.states.input : fill(Parameters, environment);
}

interface Left {
  rule: State | Choice | Catcher;
  /** The result of a Task, Map or Parallel, or the error output that a catcher takes. */
  result?: unknown;
}

/** Output and assigned variables of a state that is left. */
export function outcomeOf(
  run: Run,
  scope: Scope,
  { rule, result }: Left,
): { output: unknown; assigned: Record<string, unknown> | undefined } {
  const state = stateOf(run, scope);
  const seen = result === undefined ? ownResult(run, scope, state) : selected(run, scope, { rule, result });
  const { Assign } = rule;
  const assigned =
    Assign && (fill(Assign, pathEnvironment(run, scope, seen ?? null)) as Record<string, unknown>);
  const raw = combines(state) ? combined(rule, { seen, input: scope.input }) : seen;
  const isCaught = 'ErrorEquals' in rule;
  return {
    output: isCaught ? raw : select(state.OutputPath, pathEnvironment(run, scope, raw ?? null)),
    assigned,
  };
}

function ownResult(run: Run, scope: Scope, state: State): unknown {
  return 'Result' in state ? state.Result : argumentsOf(run, scope);
}

function selected(run: Run, scope: Scope, { rule, result }: Left): unknown {
  const selector = 'ResultSelector' in rule ? rule.ResultSelector : undefined;
  return selector === undefined ? result : fill(selector, pathEnvironment(run, scope, result ?? null));
}

function combines({ Type }: State): boolean {
  return ['Pass', 'Task', 'Map', 'Parallel'].includes(Type);
}

/** `ResultPath`: where in the state's raw input its result goes; `null` throws it away. */
function combined(rule: object, { seen, input }: { seen: unknown; input: unknown }): unknown {
  const { ResultPath = '$' } = rule as { ResultPath?: string | null };
  if (ResultPath === null) return input;
  const path = parsePath(ResultPath);
  const output = path && put(path, input, seen);
  if (output !== undefined) return output;
  throw runtime(`Unable to apply step "${ResultPath.split('.').at(-1)}" to input ${JSON.stringify(input)}`);
}

/** A field that is a value itself, or has a twin whose name ends in `Path`. */
export function fieldOf(run: Run, scope: Scope, field: keyof State): unknown {
  const state = stateOf(run, scope);
  const path = (state as unknown as Record<string, string>)[`${field}Path`];
  if (path === undefined) return state[field];
  const environment = pathEnvironment(run, scope);
  if (field === 'Error' || field === 'Cause') return resolved(path, `${field}Path`, environment);
  return (read[field] ?? select)(path, environment, field);
}

const read: Partial<Record<keyof State, (path: string, environment: Environment, field: string) => unknown>> =
  {
    Seconds(path, environment) {
      const found = lookUp(path, environment);
      if (found === undefined)
        throw runtime(`The SecondsPath parameter does not reference an input value: ${path}`);
      if (Number.isInteger(found) && (found as number) >= 0) return found;
      throw runtime(`The SecondsPath parameter cannot be parsed as a long value: ${path} == ${found}`);
    },
    MaxConcurrency: whole,
    ToleratedFailureCount: whole,
    ToleratedFailurePercentage(path, environment, field) {
      const found = select(path, environment);
      if (typeof found !== 'number') throw notA('float', { found, field, path });
      if (found < 0 || found > 100) throw runtime(`${field} must be between 0 and 100.`);
      return found;
    },
  };

function whole(path: string, environment: Environment, field: string): unknown {
  const found = numeral(select(path, environment));
  if (!Number.isInteger(found)) throw notA('integer', { found, field, path });
  return found;
}

/** A variable is text in the definition: what looks like a number is one. */
function numeral(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
}

function notA(kind: string, { found, field, path }: { found: unknown; field: string; path: string }) {
  const value = typeof found === 'string' ? found : JSON.stringify(found);
  return runtime(`The ${field}Path field refers to value "${value}" which is not a valid ${kind}: ${path}`);
}
