import { Duration } from 'aws-cdk-lib';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { EmailIdentity } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import type { Env as EnqueueEnv } from '#functions/queue/enqueue-notices.ts';
import type { Env as SendEnv } from '#functions/queue/send-notice.ts';
import type { DataStack } from './data-stack.ts';
import { consumes, deadLetters, reliableQueue } from './dead-letters.ts';
import { appends, reads, writes } from './grants.ts';
import { Handler } from './handler.ts';

export interface NoticesProps {
  data: DataStack;
  sender: EmailIdentity;
  publicUrl: string;
  mailFrom: string;
}

/** What people are told: stored first, then queued one message a recipient, then sent; links are made at the last moment. What asks somebody who has linked Slack waits in a queue of its own. */
export class Notices extends Construct {
  readonly toSend = reliableQueue(this, 'ToSend', Duration.minutes(3));
  readonly toSlack = reliableQueue(this, 'ToSlack', Duration.minutes(6));

  constructor(scope: Construct, id: string, { data, sender, publicUrl, mailFrom }: NoticesProps) {
    super(scope, id);
    const { toSend, toSlack } = this;
    const enqueue = new Handler<EnqueueEnv>(this, 'Enqueue', {
      entry: 'queue/enqueue-notices',
      env: {
        MAIL_QUEUE_URL: toSend.queueUrl,
        SLACK_QUEUE_URL: toSlack.queueUrl,
        PEOPLE_TABLE: data.people.tableName,
        NOTICES_TABLE: data.notices.tableName,
      },
    });
    for (const queue of [toSend, toSlack]) queue.grantSendMessages(enqueue);
    for (const table of [data.people, data.notices]) table.grant(enqueue, 'dynamodb:GetItem');
    enqueue.addEventSource(
      new DynamoEventSource(data.notices, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        retryAttempts: 10,
        reportBatchItemFailures: true,
        onFailure: new SqsDlq(deadLetters(this, 'NotEnqueued')),
      }),
    );

    const send = new Handler<SendEnv>(this, 'Send', {
      entry: 'queue/send-notice',
      env: {
        NOTICES_TABLE: data.notices.tableName,
        APPROVAL_LINKS_TABLE: data.approvalLinks.tableName,
        LINK_SECRET_ARN: data.linkSecret.secretArn,
        PUBLIC_URL: publicUrl,
        MAIL_FROM: mailFrom,
      },
    });
    reads(send, data.notices);
    writes(send, data.notices);
    appends(send, data.approvalLinks);
    data.linkSecret.grantRead(send);
    sender.grantSendEmail(send);
    consumes(send, toSend, { data, batchSize: 5 });
  }
}
