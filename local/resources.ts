import type { Assembly, Resource } from './assembly.ts';
import type { MappingProperties } from './aws/dynamodb/mapping-properties.ts';
import type { TableProperties } from './aws/dynamodb/table.ts';
import { AwsError } from './aws/service.ts';
import type { Services } from './services.ts';

type Define = (all: Services, resource: Resource & { given: Record<string, unknown> }) => void;

/** What exists here, in the order in which it has to be defined. */
const DEFINE: Record<string, Define> = {
  'AWS::DynamoDB::Table': ({ tables }, { name, given }) =>
    tables.define(name, given as unknown as TableProperties),
  'AWS::S3::Bucket': ({ buckets }, { name, given }) => buckets.define(name, given),
  'AWS::SecretsManager::Secret': ({ vault }, { name, given }) => vault.define(name, given),
  'AWS::KMS::Key': ({ keys }, { name, given }) => {
    if (given.KeyUsage === 'SIGN_VERIFY') keys.define(name, given); // others encrypt what is stored, as the disk may do here
  },
  'AWS::KMS::Alias': ({ keys }, { given }) =>
    keys.defineAlias(String(given.AliasName), String(given.TargetKeyId)),
  'AWS::SQS::Queue': ({ queues }, { name, given }) => queues.define(name, given),
  'AWS::Lambda::Function': ({ functions }, { name, given, source }) => functions.define(name, given, source),
  'AWS::Lambda::EventInvokeConfig': ({ functions }, { given }) => functions.configure(given),
  'AWS::ECS::Cluster': ({ containers }, { name }) => containers.defineCluster(name),
  'AWS::ECS::TaskDefinition': ({ containers }, { ref, given, source = missing(ref) }) =>
    containers.define(ref, given, source),
  'AWS::StepFunctions::StateMachine': ({ machines }, { ref, given }) => machines.define(ref, given),
  'AWS::Events::EventBus': ({ bus }, { name, given }) => bus.defineBus(name, given),
  'AWS::Events::Rule': ({ bus }, { name, given }) => bus.defineRule(name, given),
  'AWS::Scheduler::Schedule': ({ schedules }, { name, given }) => schedules.define(name, given),
  'AWS::ApiGatewayV2::Api': ({ api }, { ref, given }) => api.defineApi(ref, given),
  'AWS::ApiGatewayV2::Stage': ({ api }, { given }) => api.defineStage(given),
  'AWS::ApiGatewayV2::Integration': ({ api }, { ref, given }) => api.defineIntegration(ref, given),
  'AWS::ApiGatewayV2::Route': ({ api }, { given }) => api.defineRoute(given),
  'AWS::Lambda::EventSourceMapping': (all, { name, given }) => mapping(all, name, given),
};

/** What has no effect here: who may do what, networks, where logs go, how images are made, what is watched. */
const INERT = [
  /^AWS::(IAM|Logs|EC2|CloudWatch|ECR|CodeBuild|CDK|Budgets|SNS)::/,
  /^AWS::(S3::BucketPolicy|SQS::QueuePolicy|SecretsManager::ResourcePolicy|Lambda::(Permission|LayerVersion))$/,
  /^AWS::ECS::ClusterCapacityProviderAssociations$/,
  /^AWS::SES::(EmailIdentity|ConfigurationSet|ConfigurationSetEventDestination)$/,
  /^AWS::Scheduler::ScheduleGroup$/,
  /^AWS::Events::EventBusPolicy$/,
  /^Custom::(VpcRestrictDefaultSG|LogRetention|S3AutoDeleteObjects)$/,
  /^Custom::CDK-?(BucketDeployment|ContainerImageBuild)$/i,
];

/** Makes everything that the templates describe exist. Refuses, by name, what is neither built nor without effect. */
export function define(assembly: Assembly, all: Services): void {
  const known = Object.keys(DEFINE);
  const strange = assembly.resources.filter(
    ({ type }) => !DEFINE[type] && !INERT.some((pattern) => pattern.test(type)),
  );
  if (strange.length > 0) {
    const names = strange.map(({ type, stack, id }) => `${type} (${stack}.${id})`).join(', ');
    throw new AwsError('TemplateError', `The local AWS neither implements nor may ignore ${names}`);
  }
  const ordered = assembly.resources
    .filter(({ type }) => DEFINE[type])
    .sort((a, b) => known.indexOf(a.type) - known.indexOf(b.type));
  for (const resource of ordered) defineOne(all, resource);
  const mappings = ordered.filter(({ type }) => type === 'AWS::Lambda::EventSourceMapping');
  all.streams.keepOnly(mappings.map(({ name }) => name));
}

function defineOne(all: Services, resource: Resource): void {
  try {
    DEFINE[resource.type]?.(all, { ...resource, given: resource.properties() });
  } catch (error) {
    throw new Error(`${resource.stack}.${resource.id}: ${(error as Error).message}`, { cause: error });
  }
}

function mapping({ streams, polls }: Services, id: string, properties: Record<string, unknown>): void {
  const source = String(properties.EventSourceArn).split(':')[2];
  if (source === 'dynamodb') streams.define(id, properties as unknown as MappingProperties);
  else if (source === 'sqs') polls.define(id, properties);
  else throw new AwsError('TemplateError', `an event source of ${source} is not implemented`);
}

function missing(name: string): never {
  throw new AwsError('TemplateError', `${name} has no Metadata.source, so it is not known what it runs`);
}
