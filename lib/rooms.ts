import { Duration } from 'aws-cdk-lib';
import { type HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { EmailIdentity } from 'aws-cdk-lib/aws-ses';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Env as PreferencesEnv } from '#functions/http/preferences.ts';
import type { Env as RoomEnv } from '#functions/queue/tell-room.ts';
import type { Env as RoomsEnv } from '#functions/queue/tell-rooms.ts';
import { CHANNELS_PREFIX, FOR_AN_HOUR } from './answers.ts';
import type { DataStack } from './data-stack.ts';
import { consumes, reliableQueue } from './dead-letters.ts';
import { knowsPeople, reads, readsSecretsBelow, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';
import { readsSlackApps, slackEnv } from './slack-apps.ts';

export interface RoomsProps {
  api: HttpApi;
  data: DataStack;
  bus: IEventBus;
  sender: EmailIdentity;
  publicUrl: string;
  slackUrl: string;
  mailFrom: string;
}

/** Where organizations want to hear of tickets: one queue for each channel, so that one that is down holds up no other. */
export class Rooms extends Construct {
  constructor(scope: Construct, id: string, props: RoomsProps) {
    super(scope, id);
    const { data, bus } = props;
    const moved = reliableQueue(this, 'Moved', Duration.minutes(3));
    new Rule(this, 'TicketMoved', {
      eventBus: bus,
      eventPattern: { source: ['signalbox'], detailType: ['TicketReceived', 'TicketChanged'] },
      targets: [new SqsQueue(moved)],
    });
    const [slack, discord, linear, email] = ['Slack', 'Discord', 'Linear', 'Email'].map((name) =>
      reliableQueue(this, name, Duration.minutes(3), FOR_AN_HOUR),
    ) as [Queue, Queue, Queue, Queue];
    const fan = new Handler<RoomsEnv>(this, 'Fan', {
      entry: 'queue/tell-rooms',
      env: {
        NOTICES_TABLE: data.notices.tableName,
        SLACK_QUEUE_URL: slack.queueUrl,
        DISCORD_QUEUE_URL: discord.queueUrl,
        LINEAR_QUEUE_URL: linear.queueUrl,
        EMAIL_QUEUE_URL: email.queueUrl,
      },
    });
    reads(fan, data.notices);
    consumes(fan, moved, { data, batchSize: 10 });

    this.preferences(props);
    const tell = this.teller(props);
    for (const queue of [slack, discord, linear, email]) {
      queue.grantSendMessages(fan);
      consumes(tell, queue, { data, batchSize: 5 });
    }
  }

  private preferences({ api, data, publicUrl }: RoomsProps): void {
    const preferences = new Handler<PreferencesEnv>(this, 'Preferences', {
      entry: 'http/preferences',
      env: {
        NOTICES_TABLE: data.notices.tableName,
        PEOPLE_TABLE: data.people.tableName,
        SESSION_SECRET_ARN: data.sessionSecret.secretArn,
        PUBLIC_URL: publicUrl,
      },
    });
    writes(preferences, data.notices);
    knowsPeople(preferences, data);
    addRoutes(this, api, [
      [HttpMethod.GET, '/v1/preferences', preferences],
      [HttpMethod.PUT, '/v1/preferences/mine', preferences],
      [HttpMethod.PUT, '/v1/preferences/rooms', preferences],
    ]);
  }

  private teller({ data, sender, publicUrl, slackUrl, mailFrom }: RoomsProps) {
    const tell = new Handler<RoomEnv>(this, 'Tell', {
      entry: 'queue/tell-room',
      env: {
        TICKETS_TABLE: data.tickets.tableName,
        DELIVERIES_TABLE: data.deliveries.tableName,
        CHANNELS_PREFIX,
        ...slackEnv(slackUrl),
        PUBLIC_URL: publicUrl,
        MAIL_FROM: mailFrom,
      },
    });
    reads(tell, data.tickets, data.deliveries);
    data.deliveries.grant(tell, 'dynamodb:UpdateItem');
    readsSecretsBelow(tell, CHANNELS_PREFIX);
    readsSlackApps(tell);
    sender.grantSendEmail(tell);
    return tell;
  }
}
