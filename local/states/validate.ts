import { AwsError } from '../aws/service.ts';
import {
  type Catcher,
  type Choice,
  type ItemReader,
  invalid,
  type Machine,
  type Retrier,
  type State,
} from './definition.ts';
import { syntaxErrorOf } from './expression.ts';
import { commonFields, fieldsOf, type Language, requiredFields } from './fields.ts';
import { unknownOperator } from './jsonpath/choice.ts';
import { parsePath } from './jsonpath/path.ts';
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
  if (!Object.hasOwn(machine.States, machine.StartAt))
    invalid(`MISSING_TRANSITION_TARGET: Missing 'Next' target: ${machine.StartAt}`, `${at}/StartAt`);
  checkReach(machine, at);
  checkNames(Object.values(machine.States).flatMap(assignedBy), scope);
  for (const [name, state] of Object.entries(machine.States)) {
    // AWS takes a Map or Parallel whose inside assigns what only its own catcher assigns.
    const others = Object.values(machine.States).filter((other) => other !== state);
    const assigned = new Set([...scope.assigned, ...others.flatMap(assignedBy)]);
    checkState(state, { ...scope, at: `${at}/States/${name}`, assigned });
  }
}

function checkNames(names: string[], { at, assigned }: Scope): void {
  for (const name of names) {
    if (name === 'states') invalid("The variable name 'states' is reserved", `${at}/States`);
    if (assigned.has(name)) invalid(`The variable '${name}' is assigned in an outer scope`, `${at}/States`);
  }
}

function checkState(state: State, scope: Scope): void {
  const { at } = scope;
  const language = languageOf(state, scope);
  const fields = fieldsOf[language][state.Type];
  if (!fields) invalid(`Unknown state type '${state.Type}'`, `${at}/Type`);
  known(state, [...commonFields, ...fields], at);
  for (const names of requiredFields[state.Type])
    if (names.filter((name) => name in state).length !== 1)
      invalid(`Exactly one of ${names.join(', ')} is required`, at);
  if (state.Resource !== undefined) checkResource(state.Resource, `${at}/Resource`, scope);
  if (state.ItemReader) checkReader(state.ItemReader, `${at}/ItemReader`, scope);
  if (language === 'JSONata') checkSyntax(state, at);
  else checkPaths(state, at);
  checkRules(state.Retry ?? [], retrierFields, `${at}/Retry`);
  checkRules(state.Catch ?? [], catcherFields, `${at}/Catch`);
  checkInside(state, scope);
}

function checkInside(state: State, scope: Scope): void {
  const { at } = scope;
  for (const [index, branch] of (state.Branches ?? []).entries())
    checkStates(branch, { ...scope, at: `${at}/Branches[${index}]` });
  const inner = state.ItemProcessor ? 'ItemProcessor' : 'Iterator';
  const processor = state[inner];
  if (processor) checkStates(processor, { ...scope, at: `${at}/${inner}` });
}

function languageOf({ QueryLanguage }: State, { at, language }: Scope): Language {
  const own = QueryLanguage ?? language;
  if (!(own in fieldsOf)) invalid(`Unknown query language '${own}'`, `${at}/QueryLanguage`);
  if (language === 'JSONata' && own !== 'JSONata')
    invalid('A state of a JSONata workflow cannot be in JSONPath', `${at}/QueryLanguage`);
  return own as Language;
}

function checkResource(resource: string, at: string, { knows }: Scope): void {
  if (!knows(resource)) unsupported(`The resource '${resource}'`, at);
}

const readerFields = ['Resource', 'Arguments', 'Parameters', 'ReaderConfig'];
const readerConfig = ['InputType', 'CSVHeaderLocation', 'CSVHeaders', 'MaxItems', 'MaxItemsPath'];

function checkReader(reader: ItemReader, at: string, scope: Scope): void {
  known(reader, readerFields, at);
  checkResource(reader.Resource, `${at}/Resource`, scope);
  const { ReaderConfig = {} } = reader;
  known(ReaderConfig, readerConfig, `${at}/ReaderConfig`);
  const { InputType = 'JSON' } = ReaderConfig;
  if (!['JSON', 'JSONL', 'CSV'].includes(InputType))
    unsupported(`The input type '${InputType}'`, `${at}/ReaderConfig/InputType`);
}

/** In JSONPath, every path and function that the state names must be one that can be followed here. */
function checkPaths({ Branches, ItemProcessor, Iterator, Result, ...own }: State, at: string): void {
  const visit = (value: unknown, where: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const isPath = key.endsWith('.$') || key.endsWith('Path') || key === 'Variable';
      if (isPath && typeof inner === 'string' && !inner.startsWith('States.') && !parsePath(inner))
        unsupported(`The path '${inner}'`, `${where}/${key}`);
      visit(inner, `${where}/${key}`);
    }
  };
  visit(own, at);
  for (const [index, rule] of (own.Choices ?? []).entries()) {
    const operator = unknownOperator(rule);
    if (operator) unsupported(`The comparison '${operator}'`, `${at}/Choices[${index}]`);
  }
}

function unsupported(what: string, at: string): never {
  invalid(`${what} is not implemented by the local AWS`, at);
}

function known(value: object, fields: readonly string[], at: string): void {
  for (const field of Object.keys(value))
    if (!fields.includes(field)) unsupported(`The field '${field}'`, `${at}/${field}`);
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

function checkRules(rules: (Retrier | Catcher)[], fields: string[], at: string): void {
  for (const [index, rule] of rules.entries()) {
    known(rule, fields, `${at}[${index}]`);
    const { ErrorEquals } = rule;
    if (!(ErrorEquals?.length > 0)) invalid('ErrorEquals must name at least one error', `${at}[${index}]`);
    if (ErrorEquals.includes('States.ALL') && (ErrorEquals.length > 1 || index < rules.length - 1))
      invalid('States.ALL must be alone and in the last rule', `${at}[${index}]`);
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
const catcherFields = ['ErrorEquals', 'Next', 'Output', 'ResultPath', 'Assign', 'Comment'];

/** Compiles every expression of the state itself, not of the machines inside it. */
function checkSyntax({ Branches, ItemProcessor, Iterator, ...own }: State, at: string): void {
  const visit = (value: unknown, where: string): void => {
    const wrong = typeof value === 'string' ? syntaxErrorOf(value) : undefined;
    if (wrong) invalid(`The JSONata expression is invalid: ${wrong}`, where);
    if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) visit(inner, `${where}/${key}`);
  };
  visit(own, at);
}
