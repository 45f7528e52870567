import { Duration } from 'aws-cdk-lib';
import { type HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Env as ApiEnv } from '#functions/http/approval-api.ts';
import type { Env as DecisionEnv } from '#functions/http/approval-decision.ts';
import type { Env as PageEnv } from '#functions/http/approval-page.ts';
import type { Env as DelegationsEnv } from '#functions/http/delegations.ts';
import type { Env as DispatchEnv } from '#functions/queue/dispatch-decision.ts';
import type { Env as ViewsEnv } from '#functions/queue/note-views.ts';
import type { Env as SweepEnv } from '#functions/schedule/sweep-approvals.ts';
import { answersTokens } from './agents.ts';
import { askEnv, asks } from './asking.ts';
import type { DataStack } from './data-stack.ts';
import { deadLetters } from './dead-letters.ts';
import { appends, knowsPeople, reads, standsIn, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';
import { readsSlackApps, slackEnv } from './slack-apps.ts';

export interface ApprovalsProps {
  api: HttpApi;
  data: DataStack;
  publicUrl: string;
  slackUrl: string;
  /** Takes approved actions that the platform itself carries out. */
  toCarryOut: Queue;
}

/**
 * How people decide. Apart by what each may do: the page only notes who opened it; deciding writes the decision and
 * never sees a task token; only the dispatcher and the sweeper read tokens and wake the machine.
 */
export class Approvals extends Construct {
  private readonly data: DataStack;
  private readonly publicUrl: string;
  private readonly slackUrl: string;

  constructor(scope: Construct, id: string, { api, data, publicUrl, slackUrl, toCarryOut }: ApprovalsProps) {
    super(scope, id);
    this.data = data;
    this.publicUrl = publicUrl;
    this.slackUrl = slackUrl;
    const page = this.page();
    const decision = this.decision();
    const { show, decide } = this.api();
    const delegations = this.delegations();
    this.dispatcher(toCarryOut);
    this.viewer();
    this.sweeper();
    addRoutes(this, api, [
      [HttpMethod.GET, '/a/{id}', page],
      [HttpMethod.GET, '/a/{id}/receipt', page],
      [HttpMethod.GET, '/a/{id}/step-up', page],
      [HttpMethod.POST, '/a/{id}/decision', decision],
      [HttpMethod.GET, '/v1/approvals/{id}', show],
      [HttpMethod.POST, '/v1/approvals/{id}/decision', decide],
      [HttpMethod.POST, '/v1/delegations', delegations],
      [HttpMethod.DELETE, '/v1/delegations/{id}', delegations],
    ]);
  }

  private page() {
    const { data } = this;
    const page = new Handler<PageEnv>(this, 'Page', {
      entry: 'http/approval-page',
      env: {
        APPROVALS_TABLE: data.approvals.tableName,
        APPROVAL_LINKS_TABLE: data.approvalLinks.tableName,
        LEDGER_TABLE: data.ledger.tableName,
        LINK_SECRET_ARN: data.linkSecret.secretArn,
        ...this.knows(),
      },
    });
    reads(page, data.approvals, data.approvalLinks, data.people);
    data.sessionSecret.grantRead(page);
    data.approvalLinks.grant(page, 'dynamodb:UpdateItem');
    data.linkSecret.grantRead(page);
    return page;
  }

  private decision() {
    const { data } = this;
    const decision = new Handler<DecisionEnv>(this, 'Decision', {
      entry: 'http/approval-decision',
      env: {
        ...askEnv(data),
        ...slackEnv(this.slackUrl),
        ...this.knows(),
        APPROVAL_LINKS_TABLE: data.approvalLinks.tableName,
        LINK_SECRET_ARN: data.linkSecret.secretArn,
      },
    });
    asks(decision, data);
    readsSlackApps(decision);
    writes(decision, data.approvalLinks);
    knowsPeople(decision, data);
    standsIn(decision, data);
    data.linkSecret.grantRead(decision);
    return decision;
  }

  /** One source, two functions: no GET route's function may write what decides. */
  private api() {
    const { data } = this;
    const env = { ...askEnv(data), ...slackEnv(this.slackUrl), ...this.knows() };
    const show = new Handler<ApiEnv>(this, 'Show', { entry: 'http/approval-api', env });
    const decide = new Handler<ApiEnv>(this, 'Decide', { entry: 'http/approval-api', env });
    for (const fn of [show, decide]) {
      reads(fn, data.approvals);
      knowsPeople(fn, data);
    }
    asks(decide, data);
    readsSlackApps(decide);
    standsIn(decide, data);
    return { show, decide };
  }

  /** Handing on one's place: it writes people, and nothing that decides. */
  private delegations() {
    const delegations = new Handler<DelegationsEnv>(this, 'Delegations', {
      entry: 'http/delegations',
      env: this.knows(),
    });
    writes(delegations, this.data.people);
    knowsPeople(delegations, this.data);
    return delegations;
  }

  /** What telling who is asking takes. */
  private knows() {
    return {
      PEOPLE_TABLE: this.data.people.tableName,
      SESSION_SECRET_ARN: this.data.sessionSecret.secretArn,
      PUBLIC_URL: this.publicUrl,
    };
  }

  private dispatcher(toCarryOut: Queue): void {
    const { data } = this;
    const dispatch = new Handler<DispatchEnv>(this, 'Dispatch', {
      entry: 'queue/dispatch-decision',
      env: { ...this.wakes(), CARRY_OUT_QUEUE_URL: toCarryOut.queueUrl },
    });
    toCarryOut.grantSendMessages(dispatch);
    reads(dispatch, data.approvals, data.approvalWaits);
    dispatch.addToRolePolicy(answersTokens());
    for (const table of [data.approvals, data.approvalWaits]) {
      dispatch.addEventSource(
        new DynamoEventSource(table, {
          startingPosition: StartingPosition.TRIM_HORIZON,
          retryAttempts: 10,
          bisectBatchOnError: true,
          reportBatchItemFailures: true,
          onFailure: new SqsDlq(deadLetters(this, `${table.node.id}Failures`)),
        }),
      );
    }
  }

  /** Tells the approval of what its page may only note beside it. It reads no link's secret and sees no task token. */
  private viewer(): void {
    const { data } = this;
    const views = new Handler<ViewsEnv>(this, 'Views', {
      entry: 'queue/note-views',
      env: { APPROVALS_TABLE: data.approvals.tableName, LEDGER_TABLE: data.ledger.tableName },
    });
    data.approvals.grant(views, 'dynamodb:GetItem');
    appends(views, data.approvals, data.ledger);
    views.addEventSource(
      new DynamoEventSource(data.approvalLinks, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        retryAttempts: 10,
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        filters: [firstOpened],
        onFailure: new SqsDlq(deadLetters(this, 'ViewFailures')),
      }),
    );
  }

  private sweeper(): void {
    const { data } = this;
    const sweep = new Handler<SweepEnv>(this, 'Sweep', {
      entry: 'schedule/sweep-approvals',
      env: {
        ...this.wakes(),
        RUNS_TABLE: data.runs.tableName,
        PEOPLE_TABLE: data.people.tableName,
        NOTICES_TABLE: data.notices.tableName,
      },
    });
    reads(sweep, data.approvalWaits, data.runs, data.people);
    writes(sweep, data.approvals);
    data.approvals.grant(sweep, 'dynamodb:Scan'); // of the sparse indexes: what is open, in every organization
    appends(sweep, data.ledger, data.notices);
    sweep.addToRolePolicy(answersTokens());
    new Rule(this, 'EveryMinute', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweep)],
    });
  }

  private wakes() {
    return {
      APPROVALS_TABLE: this.data.approvals.tableName,
      APPROVAL_WAITS_TABLE: this.data.approvalWaits.tableName,
      LEDGER_TABLE: this.data.ledger.tableName,
    };
  }
}

const firstOpened = FilterCriteria.filter({
  eventName: FilterRule.or('INSERT', 'MODIFY'),
  dynamodb: {
    NewImage: { openedAt: { S: FilterRule.exists() } },
    OldImage: { openedAt: { S: FilterRule.notExists() } },
  },
});
