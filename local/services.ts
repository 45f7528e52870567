import { dynamoDb } from './aws/dynamodb/dynamodb.ts';
import { streamMappings } from './aws/dynamodb/mappings.ts';
import { ecs } from './aws/ecs/ecs.ts';
import { events } from './aws/events.ts';
import { kms } from './aws/kms.ts';
import { lambda } from './aws/lambda/lambda.ts';
import { queueMappings } from './aws/queue-mappings.ts';
import { s3 } from './aws/s3/s3.ts';
import { scheduler } from './aws/scheduler.ts';
import { secrets } from './aws/secrets/secrets.ts';
import { ses } from './aws/ses.ts';
import { sqs } from './aws/sqs/sqs.ts';
import type { Services as Wire } from './aws/wire.ts';
import { call } from './call.ts';
import type { Clock } from './clock.ts';
import { gateway } from './gateway/gateway.ts';
import { handOver } from './hand-over.ts';
import { integrations } from './integrations.ts';
import { states } from './states/states.ts';
import type { Store } from './store.ts';

/** What happened inside AWS: executions and tasks that began or ended. */
export interface Happening {
  source: string;
  detailType: string;
  detail: unknown;
  resources?: string[];
}

export interface ServicesOptions {
  store: Store;
  clock: Clock;
  /** The folder that sources are named from. */
  root: string;
  /** Where the AWS endpoint listens. */
  endpoint: string;
  onHappening?: (happening: Happening) => void;
  /** What every task's environment says besides. */
  taskEnvironment?: Record<string, string> | undefined;
}

export type Services = ReturnType<typeof openServices>;

/** Every service of the local AWS on one store, each handed what it needs of the others. */
export function openServices({
  store,
  clock,
  root,
  endpoint,
  onHappening,
  taskEnvironment,
}: ServicesOptions) {
  const emit = (happening: Happening) => {
    bus.put(happening);
    store.afterCommit(() => onHappening?.(happening));
  };
  const tables = dynamoDb(store, clock);
  const queues = sqs(store, clock);
  const buckets = s3(store, clock);
  const keys = kms(store, clock);
  const mail = ses(store, clock);
  const vault = secrets(store, clock);
  const functions = lambda({
    ...{ store, clock, root },
    environment: { ...essentials(['PATH', 'TMPDIR', 'LANG']), ...access(endpoint) },
    deliver: (arn, record, attributes) => hand.now({ arn, attributes }, record),
  });
  const containers = ecs({
    ...{ store, clock, root, emit },
    environment: { ...essentials(['PATH', 'HOME', 'TMPDIR']), ...access(endpoint), ...taskEnvironment },
    secret: (arn) => secretText(vault, arn),
  });
  const machines = states({
    ...{ store, clock },
    integrations: integrations({ functions, containers, queues, tables, buckets, bus: () => bus }),
    onStatus: (detail) =>
      emit({
        source: 'aws.states',
        detailType: 'Step Functions Execution Status Change',
        detail,
        resources: [detail.executionArn],
      }),
  });
  const hand = handOver({ queues, functions, machines });
  const bus = events(store, clock, hand.over);
  const schedules = scheduler(store, clock, hand.over);
  const streams = streamMappings({
    ...{ store, clock, streams: tables.streams, invoke: functions.invoke },
    onFailure: (arn, report) => hand.now({ arn }, report),
  });
  const polls = queueMappings(queues, clock, functions.invoke);
  const api = gateway(clock, functions.invoke);
  return {
    tables,
    queues,
    buckets,
    keys,
    mail,
    vault,
    functions,
    containers,
    machines,
    bus,
    schedules,
    streams,
    polls,
    api,
  };
}

/** What the wire server serves. */
export function wired(all: Services): Wire {
  return {
    json: {
      DynamoDB_20120810: all.tables.operations,
      AmazonSQS: all.queues.operations,
      AWSEvents: all.bus.operations,
      secretsmanager: all.vault.operations,
      TrentService: all.keys.operations,
      AWSStepFunctions: all.machines.operations,
      AmazonEC2ContainerServiceV20141113: all.containers.operations,
    },
    rest: { s3: all.buckets.rest, ses: all.mail.rest, lambda: all.functions.rest },
  };
}

/** How an SDK finds the local AWS, and cannot find anything else: no profile or key of this machine's user. */
function access(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

function essentials(names: string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** `arn:…:secret:name-suffix`, or with `:key::` behind it for one member of a JSON value. */
function secretText(vault: Services['vault'], valueFrom: string): string {
  const parts = valueFrom.split(':');
  const SecretId = parts.slice(0, 7).join(':');
  const { SecretString = '' } = call(vault.operations, 'GetSecretValue', { SecretId }) as {
    SecretString?: string;
  };
  return parts[7] ? String(JSON.parse(SecretString)[parts[7]]) : SecretString;
}
