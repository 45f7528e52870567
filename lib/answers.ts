import { Duration } from 'aws-cdk-lib';
import { type EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { Env as TellEnv } from '#functions/queue/tell-source.ts';
import type { DataStack } from './data-stack.ts';
import { consumes, reliableQueue } from './dead-letters.ts';
import { reads, readsSecretsBelow } from './grants.ts';
import { Handler } from './handler.ts';
import { readsSlackApps, slackEnv } from './slack-apps.ts';

/** Below it, one secret for each organization and channel. */
export const CHANNELS_PREFIX = 'signalbox/channels';

/** Tries, when the time between them doubles from a minute on. */
export const FOR_AN_HOUR = 7;

export interface AnswersProps {
  data: DataStack;
  bus: EventBus;
  publicUrl: string;
  slackUrl: string;
}

/** Where tickets came from hears where they stand: one queue for each kind of source, so that one that is down holds up no other. */
export class Answers extends Construct {
  constructor(scope: Construct, id: string, { data, bus, publicUrl, slackUrl }: AnswersProps) {
    super(scope, id);
    const tell = new Handler<TellEnv>(this, 'Tell', {
      entry: 'queue/tell-source',
      env: {
        TICKETS_TABLE: data.tickets.tableName,
        DELIVERIES_TABLE: data.deliveries.tableName,
        PROJECTS_TABLE: data.projects.tableName,
        FORGE_SECRET_ARN: data.forgeSecret.secretArn,
        CHANNELS_PREFIX,
        ...slackEnv(slackUrl),
        PUBLIC_URL: publicUrl,
      },
    });
    reads(tell, data.tickets, data.projects, data.deliveries);
    data.deliveries.grant(tell, 'dynamodb:UpdateItem');
    data.forgeSecret.grantRead(tell);
    readsSecretsBelow(tell, CHANNELS_PREFIX);
    readsSlackApps(tell);
    for (const [name, sources] of Object.entries({
      Github: ['github'],
      Jira: ['jira'],
      Slack: ['slack'],
      Erp: ['erp', 'rest'],
    })) {
      const waiting = reliableQueue(this, name, Duration.minutes(3), FOR_AN_HOUR);
      new Rule(this, `${name}Moved`, {
        eventBus: bus,
        eventPattern: {
          source: ['signalbox'],
          detailType: ['TicketReceived', 'TicketChanged'],
          detail: { source: sources },
        },
        targets: [new SqsQueue(waiting)],
      });
      consumes(tell, waiting, { data, batchSize: 5 });
    }
  }
}
