import { Duration } from 'aws-cdk-lib';
import { type HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Env as InteractionEnv } from '#functions/http/slack-interaction.ts';
import type { Env as LinkEnv } from '#functions/http/slack-link.ts';
import type { Env as FollowEnv } from '#functions/queue/follow-approvals.ts';
import type { Env as SayEnv } from '#functions/queue/say-in-slack.ts';
import { askEnv, asks } from './asking.ts';
import type { DataStack } from './data-stack.ts';
import { consumes, deadLetters } from './dead-letters.ts';
import { appends, reads, standsIn, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';
import { readsSlackApps, slackEnv } from './slack-apps.ts';

export interface SlackProps {
  api: HttpApi;
  data: DataStack;
  /** What is to be said in Slack, and what goes by mail because Slack did not take it. */
  toSlack: Queue;
  toSend: Queue;
  publicUrl: string;
  /** Where Slack is: `https://slack.com`. */
  slackUrl: string;
}

/**
 * Approvals in Slack, apart by what each may do: what people press writes what decides and sees no task token; what is said
 * is said by a function that can decide nothing; whoever follows the approvals only queues names.
 */
export class Slack extends Construct {
  private readonly props: SlackProps;

  constructor(scope: Construct, id: string, props: SlackProps) {
    super(scope, id);
    this.props = props;
    const interaction = this.interaction();
    this.follow();
    this.say();
    const link = this.link();
    addRoutes(this, props.api, [
      [HttpMethod.POST, '/webhooks/slack/{org}/interactions', interaction],
      [HttpMethod.GET, '/auth/slack', link],
      [HttpMethod.GET, '/auth/slack/callback', link],
      [HttpMethod.POST, '/auth/slack', link],
    ]);
  }

  private interaction() {
    const { data, toSlack } = this.props;
    const interaction = new Handler<InteractionEnv>(this, 'Interaction', {
      entry: 'http/slack-interaction',
      env: { ...askEnv(data), ...this.finds(), SLACK_QUEUE_URL: toSlack.queueUrl },
    });
    asks(interaction, data);
    standsIn(interaction, data);
    toSlack.grantSendMessages(interaction);
    readsSlackApps(interaction);
    return interaction;
  }

  /** Who is who in Slack: it writes people, and nothing that decides. */
  private link() {
    const { data } = this.props;
    const link = new Handler<LinkEnv>(this, 'Link', {
      entry: 'http/slack-link',
      env: {
        ...this.finds(),
        PEOPLE_TABLE: data.people.tableName,
        SESSION_SECRET_ARN: data.sessionSecret.secretArn,
      },
    });
    writes(link, data.people);
    data.sessionSecret.grantRead(link);
    readsSlackApps(link);
    return link;
  }

  private follow(): void {
    const { data, toSlack } = this.props;
    const follow = new Handler<FollowEnv>(this, 'Follow', {
      entry: 'queue/follow-approvals',
      env: { SLACK_QUEUE_URL: toSlack.queueUrl },
    });
    toSlack.grantSendMessages(follow);
    follow.addEventSource(
      new DynamoEventSource(data.approvals, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        retryAttempts: 10,
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        onFailure: new SqsDlq(deadLetters(this, 'NotFollowed')),
      }),
    );
  }

  private say(): void {
    const { data, toSlack, toSend } = this.props;
    const say = new Handler<SayEnv>(this, 'Say', {
      entry: 'queue/say-in-slack',
      env: {
        ...this.finds(),
        APPROVALS_TABLE: data.approvals.tableName,
        LEDGER_TABLE: data.ledger.tableName,
        NOTICES_TABLE: data.notices.tableName,
        PEOPLE_TABLE: data.people.tableName,
        RUNS_TABLE: data.runs.tableName,
        MAIL_QUEUE_URL: toSend.queueUrl,
      },
      timeout: Duration.seconds(60),
    });
    reads(say, data.approvals, data.people);
    writes(say, data.notices);
    appends(say, data.runs);
    toSend.grantSendMessages(say);
    readsSlackApps(say);
    consumes(say, toSlack, { data, batchSize: 5 });
  }

  /** Where Slack is, and we are. */
  private finds() {
    const { publicUrl, slackUrl } = this.props;
    return { ...slackEnv(slackUrl), PUBLIC_URL: publicUrl };
  }
}
