import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsError } from './aws/service.ts';
import { ACCOUNT, type Endpoints, type Identity, identify, REGION } from './identities.ts';
import { evaluate, NO_VALUE, type Scope } from './intrinsics.ts';

/** A CloudFormation template as the CDK synthesises it. */
export interface Template {
  Parameters?: Record<string, { Type: string; Default?: unknown }>;
  Conditions?: Record<string, unknown>;
  Resources?: Record<string, TemplateResource>;
  Outputs?: Record<string, { Value: unknown; Export?: { Name: unknown } }>;
}

interface TemplateResource {
  Type: string;
  Properties?: Record<string, unknown>;
  Metadata?: Record<string, unknown>;
  Condition?: string;
}

/** One resource of a deployed template. */
export interface Resource extends Identity {
  stack: string;
  /** Its logical id. */
  id: string;
  type: string;
  /** `Metadata.source`: the file that a function or a container runs, from the repository's root. */
  source?: string;
  /** With intrinsics resolved, on demand: what has no effect here may hold what cannot be resolved here. */
  properties(): Record<string, unknown>;
}

export interface Assembly {
  resources: Resource[];
  /** Every output of every stack, `stack.output`. */
  outputs: Record<string, string>;
}

export interface DeployOptions {
  /** Values of template parameters; the others take their defaults. */
  parameters?: Record<string, string>;
  endpoints: Endpoints;
}

/** Every stack's template in a folder that the CDK has synthesised into, by stack name. */
export function readTemplates(folder: string): Record<string, Template> {
  const manifest = json(join(folder, 'manifest.json')) as { artifacts?: Record<string, Artifact> };
  const stacks = Object.entries(manifest.artifacts ?? {}).filter(
    ([, { type }]) => type === 'aws:cloudformation:stack',
  );
  return Object.fromEntries(
    stacks.map(([id, { properties }]) => [
      properties?.stackName ?? id,
      json(join(folder, properties?.templateFile ?? '')) as Template,
    ]),
  );
}

interface Artifact {
  type: string;
  properties?: { templateFile?: string; stackName?: string };
}

function json(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Names every resource and resolves what the templates say of them, across stacks. */
export function deploy(templates: Record<string, Template>, options: DeployOptions): Assembly {
  const scopes = new Map<string, Scope>();
  const undeclared = Object.keys(options.parameters ?? {}).filter(
    (name) => !Object.values(templates).some(({ Parameters }) => Parameters?.[name]),
  );
  if (undeclared.length > 0) invalid(`No template has the parameter ${undeclared.join(', ')}`);
  for (const [stack, template] of Object.entries(templates)) {
    scopes.set(stack, scopeOf(stack, template, { ...options, templates, scopes }));
  }

  const resources = Object.entries(templates).flatMap(([stack, { Resources = {} }]) => {
    const scope = scopes.get(stack) as Scope;
    return Object.entries(Resources)
      .filter(([, { Condition }]) => !Condition || scope.condition(Condition))
      .map(([id, resource]) => resourceOf({ stack, id, resource }, scope, options.endpoints));
  });
  const outputs = Object.entries(templates).flatMap(([stack, { Outputs = {} }]) =>
    Object.keys(Outputs).map((name) => [`${stack}.${name}`, String(scopes.get(stack)?.output(stack, name))]),
  );
  return { resources, outputs: Object.fromEntries(outputs) };
}

interface Placed {
  stack: string;
  id: string;
  resource: TemplateResource;
}

function resourceOf({ stack, id, resource }: Placed, scope: Scope, endpoints: Endpoints): Resource {
  const { source } = resource.Metadata ?? {};
  return {
    ...identityOf({ stack, id, resource }, scope, endpoints),
    stack,
    id,
    type: resource.Type,
    ...(typeof source === 'string' && { source }),
    properties: () => evaluate(resource.Properties ?? {}, scope) as Record<string, unknown>,
  };
}

function identityOf({ stack, id, resource }: Placed, scope: Scope, endpoints: Endpoints): Identity {
  const property = (name: string) => evaluate(resource.Properties?.[name], scope);
  return identify({ type: resource.Type, stack, id }, property, endpoints);
}

interface World extends DeployOptions {
  templates: Record<string, Template>;
  scopes: Map<string, Scope>;
}

function scopeOf(stack: string, template: Template, world: World): Scope {
  const { Parameters = {}, Conditions = {}, Resources = {} } = template;
  const pseudo: Record<string, unknown> = {
    'AWS::Region': REGION,
    'AWS::AccountId': ACCOUNT,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stack,
    'AWS::StackId': `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${stack}/local`,
    'AWS::NotificationARNs': [],
    'AWS::NoValue': NO_VALUE,
  };

  function identity(id: string): Identity {
    const resource = Resources[id] ?? invalid(`${stack} refers to ${id}, which it does not have`);
    return identityOf({ stack, id, resource }, scope, world.endpoints);
  }

  function parameter(name: string): unknown {
    const { Type, Default } = Parameters[name] as { Type: string; Default?: unknown };
    const value =
      world.parameters?.[name] ?? Default ?? invalid(`Parameter ${name} of ${stack} has no value`);
    if (Type === 'String' || Type.startsWith('AWS::SSM::Parameter::Value<String>')) return value;
    if (Type === 'Number') return String(value);
    if (Type === 'CommaDelimitedList') return String(value).split(',');
    return invalid(`Parameter ${name} of ${stack} has the type ${Type}, which is not implemented`);
  }

  const scope: Scope = {
    ref: (name) => {
      if (name in pseudo) return pseudo[name];
      return Parameters[name] ? parameter(name) : identity(name).ref;
    },
    attribute: (id, name) => identity(id).attribute(name) ?? invalid(`${stack}.${id} has no ${name}`),
    exported: (name) => exported(name, world),
    output: (from, name) => {
      const value = world.templates[from]?.Outputs?.[name]?.Value ?? invalid(`No output ${from}.${name}`);
      return evaluate(value, world.scopes.get(from) as Scope);
    },
    condition: (name) => evaluate(Conditions[name] ?? invalid(`${stack} has no condition ${name}`), scope),
  };
  return scope;
}

function exported(wanted: string, { templates, scopes }: World): unknown {
  for (const [stack, { Outputs = {} }] of Object.entries(templates)) {
    const scope = scopes.get(stack) as Scope;
    const found = Object.values(Outputs).find(
      ({ Export }) => Export && evaluate(Export.Name, scope) === wanted,
    );
    if (found) return evaluate(found.Value, scope);
  }
  return invalid(`No stack exports ${wanted}`);
}

function invalid(message: string): never {
  throw new AwsError('TemplateError', message);
}
