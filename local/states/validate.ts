import { AwsError } from '../aws/service.ts';
import { type Catcher, type Choice, invalid, type Machine, type Retrier, type State } from './definition.ts';
import { syntaxErrorOf } from './expression.ts';
import { commonFields, fieldsOf, jsonPathFields, requiredFields } from './fields.ts';
import { type Resource, resourceOf } from './resource.ts';

interface Scope {
  /** JSON pointer to the machine. */
  at: string;
  language: string;
  /** Variables that enclosing machines assign: an inner one must not. */
  assigned: ReadonlySet<string>;
  knows: (resource: string) => boolean;
}

const machineFields = [
  'StartAt',
  'States',
  'QueryLanguage',
  'TimeoutSeconds',
  'Comment',
  'Version',
  'ProcessorConfig',
];

/** Parses and checks a definition whole: whatever this engine cannot run as AWS would is refused here, by name. */
export function parseDefinition(text: string, knows: (resource: Resource) => boolean): Machine {
  const machine = parse(text);
  if (typeof machine !== 'object' || machine === null) invalid('A definition must be an object', '');
  checkStates(machine, {
    at: '',
    language: machine.QueryLanguage ?? 'JSONPath',
    assigned: new Set(),
    knows: (name) => knows(resourceOf(name)),
  });
  return machine;
}

function parse(text: string): Machine {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AwsError(
      'InvalidDefinition',
      `Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: ${(error as Error).message}'`,
    );
  }
}

/** Checks a machine and everything inside it. */
function checkStates(machine: Machine, scope: Scope): void {
  const { at } = scope;
  known(machine, machineFields, at);
  if (!machine.States || Object.keys(machine.States).length === 0) invalid('States must not be empty', at);
  if (machine.ProcessorConfig?.Mode === 'DISTRIBUTED')
    invalid(
      "ProcessorConfig Mode 'DISTRIBUTED' is not implemented by the local AWS",
      `${at}/ProcessorConfig`,
    );
  if (!Object.hasOwn(machine.States, machine.StartAt))
    invalid(`MISSING_TRANSITION_TARGET: Missing 'Next' target: ${machine.StartAt}`, `${at}/StartAt`);
  checkReach(machine, at);
  const own = new Set(Object.values(machine.States).flatMap(assignedBy));
  for (const name of own) {
    if (name === 'states') invalid("The variable name 'states' is reserved", `${at}/States`);
    if (scope.assigned.has(name))
      invalid(
        `The variable '${name}' is assigned in an outer scope already and cannot be assigned again`,
        `${at}/States`,
      );
  }
  const inner = { ...scope, assigned: new Set([...scope.assigned, ...own]) };
  for (const [name, state] of Object.entries(machine.States))
    checkState(state, `${at}/States/${name}`, inner);
}

function checkState(state: State, at: string, scope: Scope): void {
  const fields = fieldsOf[state.Type];
  if (!fields) invalid(`Unknown state type '${state.Type}'`, `${at}/Type`);
  const language = state.QueryLanguage ?? scope.language;
  for (const field of Object.keys(state))
    if (jsonPathFields.includes(field))
      invalid(
        `The JSONPath field '${field}' is not implemented by the local AWS, which runs JSONata`,
        `${at}/${field}`,
      );
  if (language !== 'JSONata')
    invalid(
      `QueryLanguage '${language}' is not implemented by the local AWS, which runs JSONata`,
      `${at}/QueryLanguage`,
    );
  known(state, [...commonFields, ...fields], at);
  for (const names of requiredFields[state.Type])
    if (names.filter((name) => name in state).length !== 1)
      invalid(`Exactly one of ${names.join(', ')} is required`, at);
  if (state.Resource !== undefined && !scope.knows(state.Resource))
    invalid(`The resource '${state.Resource}' is not implemented by the local AWS`, `${at}/Resource`);
  checkSyntax(state, at);
  checkErrors(state, at);
  for (const [index, branch] of (state.Branches ?? []).entries())
    checkStates(branch, { ...scope, at: `${at}/Branches[${index}]` });
  if (state.ItemProcessor) checkStates(state.ItemProcessor, { ...scope, at: `${at}/ItemProcessor` });
}

function known(value: object, fields: readonly string[], at: string): void {
  for (const field of Object.keys(value))
    if (!fields.includes(field))
      invalid(`The field '${field}' is not implemented by the local AWS`, `${at}/${field}`);
}

function checkReach(machine: Machine, at: string): void {
  const reached = new Set([machine.StartAt]);
  for (const name of reached) {
    for (const next of targets(machine.States[name] as State)) {
      if (!Object.hasOwn(machine.States, next))
        invalid(`MISSING_TRANSITION_TARGET: Missing 'Next' target: ${next}`, `${at}/States/${name}`);
      reached.add(next);
    }
  }
  for (const name of Object.keys(machine.States))
    if (!reached.has(name))
      invalid(`MISSING_TRANSITION_TARGET: State "${name}" is not reachable`, `${at}/States/${name}`);
}

function targets(state: State): string[] {
  const rules: (Choice | Catcher)[] = [...(state.Choices ?? []), ...(state.Catch ?? [])];
  return [state.Next, state.Default, ...rules.map((rule) => rule.Next)].filter((next) => next !== undefined);
}

function assignedBy(state: State): string[] {
  const rules: (Choice | Catcher)[] = [...(state.Choices ?? []), ...(state.Catch ?? [])];
  return [state, ...rules].flatMap((one) => Object.keys(one.Assign ?? {}));
}

function checkErrors(state: State, at: string): void {
  for (const [field, rules] of Object.entries({ Retry: state.Retry ?? [], Catch: state.Catch ?? [] }))
    for (const [index, rule] of (rules as (Retrier | Catcher)[]).entries()) {
      const where = `${at}/${field}[${index}]`;
      const fields = field === 'Retry' ? retrierFields : catcherFields;
      known(rule, fields, where);
      if (!(rule.ErrorEquals?.length > 0)) invalid('ErrorEquals must name at least one error', where);
      if (
        rule.ErrorEquals.includes('States.ALL') &&
        (rule.ErrorEquals.length > 1 || index < rules.length - 1)
      )
        invalid('States.ALL must be alone and in the last rule', where);
    }
}

const retrierFields = [
  'ErrorEquals',
  'IntervalSeconds',
  'MaxAttempts',
  'BackoffRate',
  'MaxDelaySeconds',
  'JitterStrategy',
  'Comment',
];
const catcherFields = ['ErrorEquals', 'Next', 'Output', 'Assign', 'Comment'];

/** Compiles every expression of the state itself, not of the machines inside it. */
function checkSyntax({ Branches, ItemProcessor, ...own }: State, at: string): void {
  const visit = (value: unknown, where: string): void => {
    const wrong = typeof value === 'string' ? syntaxErrorOf(value) : undefined;
    if (wrong) invalid(`The JSONata expression is invalid: ${wrong}`, where);
    if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) visit(inner, `${where}/${key}`);
  };
  visit(own, at);
}
