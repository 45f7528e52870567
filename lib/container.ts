import { fileURLToPath } from 'node:url';
import { Duration, IgnoreMode } from 'aws-cdk-lib';
import type { Vpc } from 'aws-cdk-lib/aws-ec2';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  type CfnTaskDefinition,
  type Cluster,
  type ContainerDefinition,
  CpuArchitecture,
  FargateTaskDefinition,
  LinuxParameters,
  LogDriver,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ContainerImageBuild } from 'deploy-time-build';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface ContainerProps<Env extends Record<string, string | undefined>> {
  /** Folder under `containers/`: `agent`. Its `main.ts` is the entry of the image that `containers/Dockerfile` makes for it. */
  name: string;
  cluster: Cluster;
  vpc: Vpc;
  env: Env;
  cpu: number;
  memoryMiB: number;
  /** By default one that lets everything out. None lets anything in. */
  securityGroup?: SecurityGroup;
  /** Whether the task may do anything on AWS itself; by default it has a role to be granted that. */
  hasRole?: boolean;
}

/** One Fargate task that does one unit of work and ends: no ingress, no service, image built in the account at deploy. */
export class Container<
  Env extends Record<string, string | undefined> = Record<string, string>,
> extends Construct {
  readonly cluster: Cluster;
  readonly task: FargateTaskDefinition;
  readonly container: ContainerDefinition;
  readonly securityGroups: SecurityGroup[];

  constructor(
    scope: Construct,
    id: string,
    { name, cluster, vpc, env, cpu, memoryMiB, securityGroup, hasRole = true }: ContainerProps<Env>,
  ) {
    super(scope, id);
    this.cluster = cluster;
    this.securityGroups = [
      securityGroup ??
        new SecurityGroup(this, 'NoIngress', {
          vpc,
          description: `Signalbox ${name}: outbound only`,
          allowAllOutbound: true,
        }),
    ];
    this.task = new FargateTaskDefinition(this, 'Task', {
      cpu,
      memoryLimitMiB: memoryMiB,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    const definition = this.task.node.defaultChild as CfnTaskDefinition;
    definition.addMetadata('source', `containers/${name}/main.ts`);
    if (!hasRole) {
      this.task.node.tryRemoveChild('TaskRole');
      definition.taskRoleArn = undefined;
    }
    this.container = this.task.addContainer('Main', {
      image: imageOf(this, name).toEcsDockerImageCode(),
      // An init process reaps what the tools leave behind; two minutes is all that Fargate gives a task to end.
      linuxParameters: new LinuxParameters(this, 'Init', { initProcessEnabled: true }),
      stopTimeout: Duration.minutes(2),
      environment: Object.fromEntries(
        Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
      ),
      logging: LogDriver.awsLogs({
        streamPrefix: name,
        logGroup: new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_MONTH }),
      }),
    });
  }
}

function imageOf(scope: Construct, name: string): ContainerImageBuild {
  return new ContainerImageBuild(scope, 'Image', {
    directory: root,
    file: 'containers/Dockerfile',
    buildArgs: { NAME: name },
    platform: Platform.LINUX_ARM64,
    // Only what `.dockerignore` lets in: the sources that the task runs, and the lock file that they are installed by.
    ignoreMode: IgnoreMode.DOCKER,
  });
}
