import { AwsError, only, refuse } from '../service.ts';

/** A Fargate task definition with its one container. */
export interface TaskDefinition {
  arn: string;
  family: string;
  /** The file that stands for the image, from the repository's root. */
  source: string;
  container: string;
  image: string;
  environment: Record<string, string>;
  /** Environment names by the secret's ARN. */
  secrets: Record<string, string>;
  stopTimeoutSeconds: number;
  cpu: string;
  memory: string;
}

interface Pair {
  Name: string;
  Value: string;
}

const TASK = [
  ...[
    'ContainerDefinitions',
    'Cpu',
    'EphemeralStorage',
    'ExecutionRoleArn',
    'Family',
    'Memory',
    'NetworkMode',
  ],
  ...['RequiresCompatibilities', 'RuntimePlatform', 'Tags', 'TaskRoleArn'],
];

/** What isolates a container or collects its output has no counterpart in a plain process. */
const CONTAINER = [
  ...[
    'Cpu',
    'Environment',
    'Essential',
    'Image',
    'Interactive',
    'LinuxParameters',
    'LogConfiguration',
    'Memory',
  ],
  ...['MemoryReservation', 'Name', 'Privileged', 'PseudoTerminal', 'ReadonlyRootFilesystem', 'Secrets'],
  ...['StopTimeout', 'Ulimits', 'User', 'VersionConsistency'],
];

/** Reads AWS::ECS::TaskDefinition. A process stands for its container, so there has to be exactly one. */
export function definitionOf(
  arn: string,
  properties: Record<string, unknown>,
  source: string,
): TaskDefinition {
  const what = `AWS::ECS::TaskDefinition ${arn}`;
  only(what, properties, TASK);
  const [container, ...more] = (properties.ContainerDefinitions ?? []) as Record<string, unknown>[];
  if (!container || more.length > 0) refuse(`${what} with other than one container`);
  only(`${what} container`, container, CONTAINER);
  const secrets = (container.Secrets ?? []) as { Name: string; ValueFrom: string }[];
  return {
    arn,
    family: /task-definition\/(.+):\d+$/.exec(arn)?.[1] ?? arn,
    source,
    container: String(container.Name),
    image: typeof container.Image === 'string' ? container.Image : source,
    environment: pairs((container.Environment ?? []) as Pair[]),
    secrets: Object.fromEntries(secrets.map(({ Name, ValueFrom }) => [Name, ValueFrom])),
    stopTimeoutSeconds: Number(container.StopTimeout ?? 30),
    cpu: String(properties.Cpu ?? 256),
    memory: String(properties.Memory ?? 512),
  };
}

function pairs(given: Pair[]): Record<string, string> {
  return Object.fromEntries(given.map(({ Name, Value }) => [Name, Value]));
}

/** A task definition by ARN, by family and revision, or by family. */
export function findDefinition(all: Map<string, TaskDefinition>, given: unknown): TaskDefinition {
  const name = String(given).replace(/^.*task-definition\//, '');
  const found = [...all.values()].find(({ family }) => name === family || name === `${family}:1`);
  if (!found) throw new AwsError('ClientException', 'TaskDefinition not found.');
  return found;
}
