import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Env as AdmitEnv } from '#functions/queue/admit.ts';
import { answersTokens } from './agents.ts';
import type { DataStack } from './data-stack.ts';
import { consumes, reliableQueue } from './dead-letters.ts';
import { queueEnv, writes } from './grants.ts';
import { Handler } from './handler.ts';

export interface RunQueueProps {
  data: DataStack;
  slots: string;
  slotsPerOrg: string;
}

/** Who works next: one function fills the slots, whenever a run asks or ends, and once a minute whatever was told. */
export class RunQueue extends Construct {
  /** Has it looked at. */
  readonly toAdmit: Queue;
  private readonly admit: Handler<AdmitEnv>;

  constructor(scope: Construct, id: string, { data, ...limits }: RunQueueProps) {
    super(scope, id);
    this.toAdmit = reliableQueue(this, 'ToAdmit', Duration.minutes(3));
    this.admit = new Handler<AdmitEnv>(this, 'Admit', {
      entry: 'queue/admit',
      env: {
        TICKETS_TABLE: data.tickets.tableName,
        DELIVERIES_TABLE: data.deliveries.tableName,
        ...queueEnv(data, limits),
        ADMIT_QUEUE_URL: this.toAdmit.queueUrl,
      },
    });
    writes(this.admit, data.tickets, data.queue);
    this.admit.addToRolePolicy(answersTokens());
    this.toAdmit.grantSendMessages(this.admit);
    consumes(this.admit, this.toAdmit, { data, batchSize: 5 });
    new Rule(this, 'EveryMinute', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new SqsQueue(this.toAdmit, { message: RuleTargetInput.fromObject({ isTick: true }) })],
    });
  }

  /** However an execution ends, its slot is free. */
  follows(machine: StateMachine): void {
    machine.grantExecution(this.admit, 'states:DescribeExecution');
    new Rule(this, 'RunEnded', {
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [machine.stateMachineArn],
          status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [new SqsQueue(this.toAdmit)],
    });
  }
}
