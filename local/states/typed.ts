import type { State } from './definition.ts';
import { evaluateAs } from './expression.ts';
import { fieldOf, isPath } from './jsonpath/flow.ts';
import { environmentOf, type Run, type Scope, stateOf } from './scope.ts';

/** A number or string field that may be an expression; undefined when the state does not have it. */
export async function typed(
  run: Run,
  scope: Scope,
  field: keyof State,
  type: 'integer' | 'string' | 'array',
): Promise<unknown> {
  if (isPath(run, scope)) return fieldOf(run, scope, field);
  const template = stateOf(run, scope)[field];
  if (template === undefined) return undefined;
  return evaluateAs(type, template, { field, environment: environmentOf(run, scope) });
}
