import { Duration } from 'aws-cdk-lib';
import { type HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFn } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Env as ReplayEnv } from '#functions/http/replay-dead-letters.ts';
import type { Env as CollectEnv } from '#functions/schedule/collect-dead-letters.ts';
import { alarm, total } from './alarm.ts';
import type { DataStack } from './data-stack.ts';
import { knowsPeople, reads } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';

/** Queues of dead letters, with the queue that each serves; a stream has none. */
const known = new WeakMap<Queue, Queue | undefined>();

/** Where what could not be done waits to be filed: two weeks, the longest that SQS keeps anything. */
export function deadLetters(scope: Construct, id: string): Queue {
  const queue = new Queue(scope, id, {
    retentionPeriod: Duration.days(14),
    enforceSSL: true,
    encryption: QueueEncryption.SQS_MANAGED,
  });
  known.set(queue, undefined);
  return queue;
}

/** A queue whose messages are tried five times, or as often as is said, then are dead letters. */
export function reliableQueue(scope: Construct, id: string, visibilityTimeout: Duration, tries = 5): Queue {
  const dead = deadLetters(scope, `${id}Dead`);
  const queue = new Queue(scope, id, {
    visibilityTimeout,
    enforceSSL: true,
    encryption: QueueEncryption.SQS_MANAGED,
    deadLetterQueue: { queue: dead, maxReceiveCount: tries },
  });
  known.set(dead, queue);
  return queue;
}

/** Lets a function read a queue, and note why what it cannot do failed. */
export function consumes(
  fn: LambdaFn,
  queue: Queue,
  { data: { deadLetters: table }, ...more }: { data: DataStack; batchSize?: number },
): void {
  fn.addEnvironment('DEAD_LETTERS_TABLE', table.tableName);
  fn.addToRolePolicy(
    new PolicyStatement({
      actions: ['dynamodb:PutItem'],
      resources: [table.tableArn],
      conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['~failing'] } },
    }),
  );
  fn.addEventSource(new SqsEventSource(queue, { ...more, reportBatchItemFailures: true }));
}

/** Each takes some 140 bytes of the collector's environment. */
const MOST = 27;

export interface DeadLettersProps {
  api: HttpApi;
  data: DataStack;
  publicUrl: string;
  firstOrg: string;
}

/** What becomes of messages that nobody could do: filed from every such queue of the app, so it is made after all of them. */
export class DeadLetters extends Construct {
  constructor(scope: Construct, id: string, { api, data, publicUrl, firstOrg }: DeadLettersProps) {
    super(scope, id);
    const all = scope.node.root.node
      .findAll()
      .filter((one): one is Queue => one instanceof Queue && known.has(one))
      .map((dead) => ({ dead, live: known.get(dead) }));
    if (all.length > MOST)
      throw new Error(
        `${all.length} queues of dead letters: their URLs are more than the 4 KB that a function's environment holds; file them by two functions`,
      );
    const table = { DEAD_LETTERS_TABLE: data.deadLetters.tableName };

    const collect = new Handler<CollectEnv>(this, 'Collect', {
      entry: 'schedule/collect-dead-letters',
      env: {
        ...table,
        QUEUES: JSON.stringify(
          Object.fromEntries(all.map(({ dead, live }) => [nameOf(live ?? dead), dead.queueUrl])),
        ),
      },
      timeout: Duration.minutes(4),
    });
    for (const { dead } of all) dead.grantConsumeMessages(collect);
    data.deadLetters.grant(collect, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    new Rule(this, 'EveryFiveMinutes', {
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaFunction(collect)],
    });
    alarm(this, 'Died', {
      metric: total('dead_letters', 'Sum'),
      above: 0,
      what: 'A message could not be done and waits as a dead letter',
    });

    const live = all.flatMap((one) => one.live ?? []);
    const replay = new Handler<ReplayEnv>(this, 'Replay', {
      entry: 'http/replay-dead-letters',
      env: {
        ...table,
        PEOPLE_TABLE: data.people.tableName,
        SESSION_SECRET_ARN: data.sessionSecret.secretArn,
        PUBLIC_URL: publicUrl,
        FIRST_ORG: firstOrg,
        QUEUES: JSON.stringify(Object.fromEntries(live.map((one) => [nameOf(one), one.queueUrl]))),
      },
    });
    for (const queue of live) queue.grantSendMessages(replay);
    reads(replay, data.deadLetters);
    data.deadLetters.grant(replay, 'dynamodb:UpdateItem');
    knowsPeople(replay, data);
    addRoutes(this, api, [
      [HttpMethod.POST, '/api/dead-letters/replay', replay],
      [HttpMethod.POST, '/api/dead-letters/{id}/replay', replay],
    ]);
  }
}

/** The construct below its stack: `Answers/Github`. */
function nameOf(queue: Queue): string {
  return queue.node.path.split('/').slice(1).join('/');
}
