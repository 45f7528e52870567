import { createHash } from 'node:crypto';
import { streamArn } from './aws/dynamodb/table.ts';
import { keyId } from './aws/kms.ts';
import { secretArn } from './aws/secrets/versions.ts';

/** The region and account that everything local lives in. */
export const REGION = 'us-east-1';
export const ACCOUNT = '000000000000';

/** What a resource is called once it exists: the same on every start. */
export interface Identity {
  name: string;
  /** What `Ref` answers. */
  ref: string;
  /** What `Fn::GetAtt` answers; undefined for an attribute that the type does not have. */
  attribute(name: string): string | undefined;
}

/** Addresses that some resources answer with. */
export interface Endpoints {
  aws: string;
  product: string;
}

interface Kind {
  /** The property that names the resource, where the template does. */
  property?: string;
  /** The longest name that AWS takes. */
  longest?: number;
  lower?: boolean;
  identify(name: string, endpoints: Endpoints): { ref: string; attributes?: Record<string, string> };
}

/** An ARN in the local account: `arn('sqs', 'name')`. */
export function arn(service: string, rest: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
}

const KINDS: Record<string, Kind> = {
  'AWS::DynamoDB::Table': {
    property: 'TableName',
    identify: (name) => ({
      ref: name,
      attributes: {
        Arn: arn('dynamodb', `table/${name}`),
        StreamArn: streamArn(name),
      },
    }),
  },
  'AWS::SQS::Queue': {
    property: 'QueueName',
    longest: 80,
    identify: (name, { aws }) => {
      // The SDK sends a queue's requests to the queue's own URL, so it has to be one that answers.
      const url = `${aws}/${ACCOUNT}/${name}`;
      return { ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
    },
  },
  'AWS::S3::Bucket': {
    property: 'BucketName',
    longest: 63,
    lower: true,
    identify: (name) => ({ ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } }),
  },
  'AWS::SecretsManager::Secret': {
    property: 'Name',
    identify: (name) => {
      const id = secretArn(name);
      return { ref: id, attributes: { Id: id } };
    },
  },
  'AWS::KMS::Key': {
    identify: (name) => {
      const id = keyId(name);
      return { ref: id, attributes: { Arn: arn('kms', `key/${id}`), KeyId: id } };
    },
  },
  'AWS::Lambda::Function': {
    property: 'FunctionName',
    longest: 64,
    identify: (name) => ({ ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } }),
  },
  'AWS::Lambda::EventSourceMapping': {
    identify: (name) => ({ ref: name, attributes: { Id: name } }),
  },
  'AWS::Events::EventBus': {
    property: 'Name',
    identify: (name) => ({ ref: name, attributes: { Arn: arn('events', `event-bus/${name}`), Name: name } }),
  },
  'AWS::Events::Rule': {
    property: 'Name',
    longest: 64,
    identify: (name) => ({ ref: name, attributes: { Arn: arn('events', `rule/${name}`) } }),
  },
  'AWS::Scheduler::Schedule': {
    property: 'Name',
    longest: 64,
    identify: (name) => ({ ref: name, attributes: { Arn: arn('scheduler', `schedule/default/${name}`) } }),
  },
  'AWS::StepFunctions::StateMachine': {
    property: 'StateMachineName',
    longest: 80,
    identify: (name) => {
      const id = arn('states', `stateMachine:${name}`);
      return { ref: id, attributes: { Arn: id, Name: name } };
    },
  },
  'AWS::ECS::Cluster': {
    property: 'ClusterName',
    identify: (name) => ({ ref: name, attributes: { Arn: arn('ecs', `cluster/${name}`) } }),
  },
  'AWS::ECS::TaskDefinition': {
    property: 'Family',
    identify: (name) => {
      const id = arn('ecs', `task-definition/${name}:1`);
      return { ref: id, attributes: { TaskDefinitionArn: id } };
    },
  },
  'AWS::ApiGatewayV2::Api': {
    identify: (name, { product }) => {
      const id = digest(name, 10);
      return { ref: id, attributes: { ApiId: id, ApiEndpoint: product } };
    },
  },
  'AWS::ApiGatewayV2::Stage': { property: 'StageName', identify: (name) => ({ ref: name }) },
};

/** The identity of a resource: named by the template, else after its stack and logical id. */
export function identify(
  { type, stack, id }: { type: string; stack: string; id: string },
  property: (name: string) => unknown,
  endpoints: Endpoints,
): Identity {
  const kind = KINDS[type] ?? inert(type);
  const given = kind.property && property(kind.property);
  const suffix = type === 'AWS::SQS::Queue' && property('FifoQueue') === true ? '.fifo' : '';
  const made = shortened(`${stack}-${id}`, (kind.longest ?? 128) - suffix.length) + suffix;
  const name = typeof given === 'string' ? given : kind.lower ? made.toLowerCase() : made;
  const { ref, attributes = {} } = kind.identify(name, endpoints);
  return {
    name,
    ref,
    attribute: (wanted) => attributes[wanted] ?? (KINDS[type] ? undefined : `${name}.${wanted}`),
  };
}

/** A type that does nothing here is still referred to: by its ARN, or by attributes that nothing here looks into. */
function inert(type: string): Kind {
  const [, service = 'local', kind = type] = type.toLowerCase().split('::');
  return { identify: (name) => ({ ref: name, attributes: { Arn: arn(service, `${kind}/${name}`) } }) };
}

function shortened(name: string, longest: number): string {
  if (name.length <= longest) return name;
  return `${name.slice(0, longest - 9)}-${digest(name, 8)}`;
}

function digest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
