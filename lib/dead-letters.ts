import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** Where what could not be done is kept for a person: two weeks, the longest that SQS keeps anything. */
export function deadLetters(scope: Construct, id: string): Queue {
  return new Queue(scope, id, {
    retentionPeriod: Duration.days(14),
    enforceSSL: true,
    encryption: QueueEncryption.SQS_MANAGED,
  });
}

/** A queue whose messages are tried five times, then kept as dead letters. */
export function reliableQueue(scope: Construct, id: string, visibilityTimeout: Duration): Queue {
  return new Queue(scope, id, {
    visibilityTimeout,
    enforceSSL: true,
    encryption: QueueEncryption.SQS_MANAGED,
    deadLetterQueue: { queue: deadLetters(scope, `${id}Dead`), maxReceiveCount: 5 },
  });
}
