import { Duration } from 'aws-cdk-lib';
import { type EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, QueryLanguage, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Env as OnOutcomeEnv } from '#functions/queue/on-outcome.ts';
import type { Env as OnRunEndedEnv } from '#functions/queue/on-run-ended.ts';
import type { Env as OnTicketEnv } from '#functions/queue/on-ticket.ts';
import type { Env as PublishEnv } from '#functions/queue/publish-changes.ts';
import type { Agents } from './agents.ts';
import type { DataStack } from './data-stack.ts';
import { consumes, deadLetters, reliableQueue } from './dead-letters.ts';
import { reads, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { PipelineSteps } from './pipeline-steps.ts';
import { RunQueue } from './run-queue.ts';
import { ticketMachine } from './ticket.machine.ts';

export interface PipelineProps {
  data: DataStack;
  bus: EventBus;
  agents: Agents;
  publicUrl: string;
  modelBaseUrl: string;
  adminEmail: string;
  slots: string;
  slotsPerOrg: string;
}

/** From a stored ticket to its end: the table's stream feeds the bus, the bus a queue, the queue starts the ticket machine. */
export class Pipeline extends Construct {
  readonly machine: StateMachine;

  constructor(
    scope: Construct,
    id: string,
    { data, bus, agents, publicUrl, adminEmail, modelBaseUrl, ...limits }: PipelineProps,
  ) {
    super(scope, id);
    const queue = new RunQueue(this, 'RunQueue', { data, ...limits });
    const { toAdmit } = queue;
    const steps = new PipelineSteps(this, 'Steps', { data, publicUrl, adminEmail, modelBaseUrl, toAdmit });
    this.machine = new StateMachine(this, 'Machine', {
      queryLanguage: QueryLanguage.JSONATA,
      definitionBody: DefinitionBody.fromChainable(
        ticketMachine(this, { ...steps.functions, engineer: agents.engineer, verifier: agents.verifier }),
      ),
      tracingEnabled: true,
      logs: {
        // Execution data holds task tokens: events are logged without it.
        level: LogLevel.ALL,
        includeExecutionData: false,
        destination: new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_MONTH }),
      },
    });
    queue.follows(this.machine);
    this.publishes(data, bus);
    this.starts(data, { bus, publicUrl });
    this.ends(data, { bus, publicUrl, adminEmail });
  }

  private publishes(data: DataStack, bus: EventBus): void {
    const publish = new Handler<PublishEnv>(this, 'PublishChanges', {
      entry: 'queue/publish-changes',
      env: { BUS_NAME: bus.eventBusName },
    });
    bus.grantPutEventsTo(publish);
    publish.addEventSource(
      new DynamoEventSource(data.tickets, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        retryAttempts: 10,
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        onFailure: new SqsDlq(deadLetters(this, 'NotPublished')),
      }),
    );
  }

  private starts(data: DataStack, { bus, publicUrl }: Pick<PipelineProps, 'bus' | 'publicUrl'>): void {
    const waiting = reliableQueue(this, 'Tickets', Duration.minutes(3));
    new Rule(this, 'TicketToWorkOn', {
      eventBus: bus,
      eventPattern: { source: ['signalbox'], detailType: ['TicketReceived', 'TicketReviewed'] },
      targets: [new SqsQueue(waiting)],
    });
    const onTicket = new Handler<OnTicketEnv>(this, 'OnTicket', {
      entry: 'queue/on-ticket',
      env: {
        TICKETS_TABLE: data.tickets.tableName,
        DELIVERIES_TABLE: data.deliveries.tableName,
        RUNS_TABLE: data.runs.tableName,
        PROJECTS_TABLE: data.projects.tableName,
        NOTICES_TABLE: data.notices.tableName,
        FORGE_SECRET_ARN: data.forgeSecret.secretArn,
        PUBLIC_URL: publicUrl,
        TICKET_MACHINE_ARN: this.machine.stateMachineArn,
      },
    });
    writes(onTicket, data.tickets, data.runs, data.notices);
    reads(onTicket, data.projects);
    data.forgeSecret.grantRead(onTicket);
    this.machine.grantStartExecution(onTicket);
    consumes(onTicket, waiting, { data, batchSize: 5 });
  }

  /** The ends that the machine does not write itself: its own failure, what the forge says of the pull request, and a request taken back. */
  private ends(
    data: DataStack,
    { bus, publicUrl, adminEmail }: Pick<PipelineProps, 'bus' | 'publicUrl' | 'adminEmail'>,
  ): void {
    const env: OnRunEndedEnv = {
      TICKETS_TABLE: data.tickets.tableName,
      DELIVERIES_TABLE: data.deliveries.tableName,
      RUNS_TABLE: data.runs.tableName,
      PROJECTS_TABLE: data.projects.tableName,
      NOTICES_TABLE: data.notices.tableName,
      PUBLIC_URL: publicUrl,
      ADMIN_EMAIL: adminEmail,
    };
    const onRunEnded = new Handler<OnRunEndedEnv>(this, 'OnRunEnded', { entry: 'queue/on-run-ended', env });
    const onOutcome = new Handler<OnOutcomeEnv>(this, 'OnOutcome', {
      entry: 'queue/on-outcome',
      env: { ...env, TICKET_MACHINE_ARN: this.machine.stateMachineArn },
    });
    this.machine.grantExecution(onOutcome, 'states:StopExecution');
    for (const fn of [onRunEnded, onOutcome]) {
      writes(fn, data.tickets, data.runs, data.notices);
      reads(fn, data.projects);
    }
    new Rule(this, 'RunEndedBadly', {
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [this.machine.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [new LambdaFunction(onRunEnded)],
    });
    new Rule(this, 'PullRequestEnded', {
      eventBus: bus,
      eventPattern: {
        source: ['signalbox'],
        detailType: ['TicketChanged'],
        detail: { status: ['merged', 'closed', 'cancelled'] },
      },
      targets: [new LambdaFunction(onOutcome)],
    });
  }
}
