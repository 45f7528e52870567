import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import {
  EcsFargateLaunchTarget,
  EcsRunTask,
  LambdaInvoke,
  type LambdaInvokeJsonataProps,
} from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { Container } from './container.ts';

interface StepOptions {
  /** Sent besides the run's reference. */
  payload?: Record<string, string>;
  assign?: Record<string, string>;
}

/** What every step is told: which organization, ticket and run. */
const RUN = { org: '{% $org %}', ticketId: '{% $ticketId %}', runId: '{% $runId %}' };

/** Calls a function with the run's reference and goes on with what it returns. */
export function call(scope: Construct, name: string, fn: IFunction, { payload, assign }: StepOptions = {}) {
  return invoke(
    scope,
    name,
    fn,
    { ...RUN, ...payload },
    {
      outputs: '{% $states.result.Payload %}',
      ...(assign && { assign }),
    },
  );
}

/** Calls a function with a task token, then sleeps until someone answers the token or `timeout` passes. */
export function ask(
  scope: Construct,
  name: string,
  fn: IFunction,
  { timeout, payload, assign }: StepOptions & { timeout: sfn.Timeout },
) {
  return invoke(
    scope,
    name,
    fn,
    { ...RUN, ...payload, token: '{% $states.context.Task.Token %}' },
    {
      integrationPattern: sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
      taskTimeout: timeout,
      ...(assign && { assign }),
    },
  );
}

/** Runs the run's container until it answers its task token. */
export function work(
  scope: Construct,
  name: string,
  container: Container,
  options: { timeout: Duration; assign: Record<string, string> },
) {
  const environment = { ORG: RUN.org, TICKET_ID: RUN.ticketId, RUN_ID: RUN.runId };
  return runTask(scope, name, container, { ...options, environment, heartbeat: Duration.minutes(2) });
}

interface TaskOptions {
  /** Beside the token: what this start is about. */
  environment: Record<string, string>;
  timeout: Duration;
  heartbeat?: Duration;
  assign: Record<string, string>;
}

/** Runs a container until it answers its task token; a silent or stopped one is started again, at most twice. */
export function runTask(
  scope: Construct,
  name: string,
  { cluster, task, container, securityGroups }: Container,
  { environment, timeout, heartbeat, assign }: TaskOptions,
) {
  const variables = { ...environment, TASK_TOKEN: '{% $states.context.Task.Token %}' };
  return EcsRunTask.jsonata(scope, name, {
    integrationPattern: sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    cluster,
    taskDefinition: task,
    launchTarget: new EcsFargateLaunchTarget(),
    assignPublicIp: true,
    securityGroups,
    containerOverrides: [
      {
        containerDefinition: container,
        environment: Object.entries(variables).map(([variable, value]) => ({ name: variable, value })),
      },
    ],
    taskTimeout: sfn.Timeout.duration(timeout),
    ...(heartbeat && { heartbeatTimeout: sfn.Timeout.duration(heartbeat) }),
    assign,
  }).addRetry({
    errors: [
      'TaskStopped',
      'TaskCrashed',
      'States.HeartbeatTimeout',
      'Ecs.AmazonECSException',
      'ECS.AmazonECSException',
    ],
    interval: Duration.seconds(1),
    backoffRate: 2,
    maxAttempts: 2,
  });
}

/** A choice on one condition: `then` when it holds, `otherwise` when not. */
export function choose(
  scope: Construct,
  name: string,
  condition: string,
  then: sfn.IChainable,
  otherwise: sfn.IChainable,
) {
  return sfn.Choice.jsonata(scope, name).when(sfn.Condition.jsonata(condition), then).otherwise(otherwise);
}

/** Calls a function with `payload`, and tries again what passes by itself; every step may be called twice. */
export function invoke(
  scope: Construct,
  name: string,
  fn: IFunction,
  payload: Record<string, string>,
  props: Partial<LambdaInvokeJsonataProps>,
) {
  return LambdaInvoke.jsonata(scope, name, {
    lambdaFunction: fn,
    payload: sfn.TaskInput.fromObject(payload),
    retryOnServiceExceptions: false,
    ...props,
  }).addRetry({
    errors: [
      'Unavailable',
      'Sandbox.Timedout',
      'Lambda.Unknown',
      'Lambda.AWSLambdaException',
      'Lambda.TooManyRequestsException',
      'Lambda.ServiceException',
      'Lambda.SdkClientException',
    ],
    interval: Duration.seconds(2),
    backoffRate: 2,
    maxAttempts: 4,
    jitterStrategy: sfn.JitterType.FULL,
  });
}
