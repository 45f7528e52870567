import { describe, expect, it } from 'vitest';
import { type Resource, synthesised } from '../support/synth.ts';
import { requestsIn, sourcesOf } from './sources.ts';

const product = requestsIn(sourcesOf(['adapters', 'functions', 'containers', 'bin/demo']));
const tests = sourcesOf(['test/local'], /\.(test|contract)\.ts$/);
const tested = requestsIn(tests);

/** Whether a test says a name, as a word of its own. */
const says = (name: string) => new RegExp(`(?<![\\w$])${name.replace(/[$.*+]/g, '\\$&')}(?!\\w)`).test(tests);

describe('what the product asks of AWS', () => {
  const operations = [...new Set(product.map(({ operation }) => operation))].sort();

  it('is found in its sources', () => {
    expect(operations).toContain('TransactWriteItems');
    expect(operations).toContain('SendEmail');
    expect(operations.length).toBeGreaterThan(12);
  });

  it.each(operations)('%s has a test against the local AWS, with every member that is sent', (operation) => {
    const used = new Set(
      product.filter((one) => one.operation === operation).flatMap(({ members }) => members),
    );
    const known = new Set(
      tested.filter((one) => one.operation === operation).flatMap(({ members }) => members),
    );
    const isCalledByName = new RegExp(`['"]${operation}['"]`).test(tests);

    expect(known.size > 0 || isCalledByName, `${operation} is in no test`).toBe(true);
    expect([...used].filter((member) => !known.has(member) && !says(member))).toEqual([]);
  });
});

/** Resources that hold no behaviour which a request could meet; they are listed in `local/resources.ts`. */
const INERT =
  /^(AWS::(IAM|Logs|EC2|CloudWatch|ECR|CodeBuild|CDK|SES|S3::BucketPolicy|SQS::QueuePolicy|Lambda::Permission|ECS::ClusterCapacity|ApiGatewayV2::Stage)|Custom::)/;
/** Properties about who may, where it runs and what it is called, not about what it does here. */
const LABELS = [
  ...['Description', 'Tags', 'RoleArn', 'Role', 'KmsKeyId', 'KmsMasterKeyId', 'KeyPolicy', 'Name'],
  ...[
    'DeletionProtectionEnabled',
    'PointInTimeRecoverySpecification',
    'SSESpecification',
    'PublicAccessBlockConfiguration',
  ],
  ...[
    'BucketEncryption',
    'LoggingConfiguration',
    'TracingConfiguration',
    'LoggingConfig',
    'TracingConfig',
    'EnableKeyRotation',
  ],
  ...[
    'Cpu',
    'Memory',
    'MemorySize',
    'Architectures',
    'RuntimePlatform',
    'NetworkMode',
    'RequiresCompatibilities',
  ],
  ...[
    'ExecutionRoleArn',
    'TaskRoleArn',
    'ClusterSettings',
    'SqsManagedSseEnabled',
    'Family',
    'ApiId',
    'Handler',
  ],
];

const { data, service } = synthesised();
const resources: Resource[] = [data, service].flatMap((template) =>
  Object.values(template.toJSON().Resources as Record<string, Resource>),
);
const acting = resources.filter(({ Type }) => !INERT.test(Type));

describe('what the template says', () => {
  const properties = Map.groupBy(acting, ({ Type }) => Type);

  it.each([...properties.keys()].sort())('%s: each property is in a test', (type) => {
    const names = new Set((properties.get(type) ?? []).flatMap((one) => Object.keys(one.Properties ?? {})));

    expect([...names].filter((name) => !LABELS.includes(name) && !says(name))).toEqual([]);
  });

  it('has state machines whose states, fields, resources and functions are all in tests', () => {
    const machines = resources.filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine');
    const texts = machines.map(({ Properties }) => definitionOf(Properties.DefinitionString));
    const states = texts.flatMap((text) => statesOf(JSON.parse(text)));
    const functions = texts.flatMap((text) => text.match(/\$[a-z][A-Za-z]*(?=\()/g) ?? []);
    const used = states.flatMap((state) => [
      ...Object.keys(state),
      ...(state.Type ? [String(state.Type)] : []),
      ...(typeof state.Resource === 'string' ? [state.Resource.split(':::')[1] as string] : []),
    ]);

    expect(states.length).toBeGreaterThan(15);
    expect([...new Set([...used, ...functions])].filter((name) => !says(name))).toEqual([]);
  });

  it('has event patterns whose operators and targets are in tests', () => {
    const rules = resources.filter(({ Type }) => Type === 'AWS::Events::Rule');
    const operators = rules.flatMap(({ Properties }) => operatorsOf(Properties.EventPattern));
    const targets = rules
      .flatMap(({ Properties }) => Properties.Targets ?? [])
      .flatMap((one) => Object.keys(one));

    expect(
      [...new Set([...operators, ...targets])].filter((name) => name !== 'RoleArn' && !says(name)),
    ).toEqual([]);
  });
});

/** A definition with what CloudFormation would put into it left as a word. */
function definitionOf(value: string | { 'Fn::Join': [string, unknown[]] }): string {
  if (typeof value === 'string') return value;
  return value['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'arn')).join('');
}

type State = Record<string, unknown>;

function statesOf(machine: { States: Record<string, State> }): State[] {
  return Object.values(machine.States).flatMap((state) => [
    state,
    ...(state.ItemProcessor ? statesOf(state.ItemProcessor as typeof machine) : []),
    ...((state.Branches as (typeof machine)[] | undefined) ?? []).flatMap(statesOf),
  ]);
}

/** The names of comparisons in a pattern: members of the objects that stand in its lists. */
function operatorsOf(pattern: unknown): string[] {
  if (Array.isArray(pattern))
    return pattern.flatMap((one) => (typeof one === 'object' && one ? Object.keys(one) : []));
  if (typeof pattern !== 'object' || pattern === null) return [];
  return Object.values(pattern).flatMap(operatorsOf);
}
