import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Env as AgentEnv } from '#containers/agent/env.ts';
import type { Env as TapEnv } from '#containers/tap/env.ts';
import type { Env as VerifierEnv } from '#containers/verify/env.ts';
import type { Env as StoppedEnv } from '#functions/queue/on-task-stopped.ts';
import { Container } from './container.ts';
import { CREDENTIALS_PREFIX } from './credentials.ts';
import type { DataStack } from './data-stack.ts';
import { keepsFiles, reads, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { isStrict } from './profile.ts';
import { StrictHands } from './strict-hands.ts';

export interface AgentsProps {
  data: DataStack;
  modelBaseUrl: string;
}

/** Where code is written and proved: Fargate tasks in public subnets without ingress, no NAT gateway, nothing running while idle. */
export class Agents extends Construct {
  readonly engineer: Container<AgentEnv>;
  readonly verifier: Container<VerifierEnv>;
  readonly tap: Container<TapEnv>;

  constructor(scope: Construct, id: string, { data, modelBaseUrl }: AgentsProps) {
    super(scope, id);
    const vpc = new Vpc(this, 'Network', {
      natGateways: 0,
      maxAzs: 2,
      subnetConfiguration: [{ name: 'Public', subnetType: SubnetType.PUBLIC }],
    });
    const cluster = new Cluster(this, 'Cluster', { vpc, containerInsightsV2: ContainerInsights.ENABLED });
    const env = {
      TICKETS_TABLE: data.tickets.tableName,
      DELIVERIES_TABLE: data.deliveries.tableName,
      RUNS_TABLE: data.runs.tableName,
      PROJECTS_TABLE: data.projects.tableName,
      ARTIFACTS_BUCKET: data.artifacts.bucketName,
      FORGE_SECRET_ARN: data.forgeSecret.secretArn,
    };
    this.engineer = new Container<AgentEnv>(this, 'Engineer', {
      name: 'agent',
      cluster,
      vpc,
      cpu: 2048,
      memoryMiB: 4096,
      env: { ...env, MODEL_BASE_URL: modelBaseUrl, MODEL_SECRET_ARN: data.modelSecret.secretArn },
    });
    data.modelSecret.grantRead(this.engineer.task.taskRole);
    this.verifier = new Container<VerifierEnv>(this, 'Verifier', {
      name: 'verify',
      cluster,
      vpc,
      cpu: 1024,
      memoryMiB: 2048,
      env,
    });
    this.tap = new Container<TapEnv>(this, 'Tap', {
      name: 'tap',
      cluster,
      vpc,
      cpu: 512,
      memoryMiB: 1024,
      env: {
        PROJECTS_TABLE: env.PROJECTS_TABLE,
        ARTIFACTS_BUCKET: env.ARTIFACTS_BUCKET,
        FORGE_SECRET_ARN: env.FORGE_SECRET_ARN,
        LEASES_TABLE: data.leases.tableName,
        CREDENTIALS_PREFIX,
      },
    });
    for (const { task } of [this.engineer, this.verifier]) {
      reads(task.taskRole, data.tickets, data.projects);
      writes(task.taskRole, data.runs);
      keepsFiles(task.taskRole, data.artifacts, 'runs/', { isWriter: true });
    }
    for (const { task } of [this.engineer, this.verifier, this.tap]) {
      data.forgeSecret.grantRead(task.taskRole);
      task.addToTaskRolePolicy(answersTokens());
    }
    if (isStrict(this)) this.handsElsewhere(vpc, cluster);

    const stopped = new Handler<StoppedEnv>(this, 'OnTaskStopped', {
      entry: 'queue/on-task-stopped',
      env: {},
    });
    stopped.addToRolePolicy(answersTokens());
    new Rule(this, 'TaskStopped', {
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: { clusterArn: [cluster.clusterArn], lastStatus: ['STOPPED'] },
      },
      targets: [new LambdaFunction(stopped)],
    });
  }

  private handsElsewhere(vpc: Vpc, cluster: Cluster): void {
    const hands = new StrictHands(this, 'Hands', { vpc, cluster });
    for (const container of [this.engineer, this.verifier, this.tap]) hands.serves(container);
  }
}

/** Task tokens name their own execution; the API takes no resource (Service Authorization Reference, Step Functions). */
export function answersTokens(): PolicyStatement {
  return new PolicyStatement({
    actions: ['states:SendTaskSuccess', 'states:SendTaskFailure', 'states:SendTaskHeartbeat'],
    resources: ['*'],
  });
}
