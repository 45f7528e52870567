import { Duration } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Env as AwaitEnv } from '#functions/task/await-decision.ts';
import type { Env as AwaitSlotEnv } from '#functions/task/await-slot.ts';
import type { Env as ClassifyEnv } from '#functions/task/classify.ts';
import type { Env as DiagnoseEnv } from '#functions/task/diagnose.ts';
import type { Env as EscalateEnv } from '#functions/task/escalate.ts';
import type { Env as LoadEnv } from '#functions/task/load-decision.ts';
import type { Env as OpenEnv } from '#functions/task/open-pull-request.ts';
import type { Env as ProposeEnv } from '#functions/task/propose-plan.ts';
import { askEnv, asks } from './asking.ts';
import type { DataStack } from './data-stack.ts';
import { appends, keepsFiles, reads, writes } from './grants.ts';
import { Handler } from './handler.ts';
import type { TicketSteps } from './ticket.machine.ts';

export interface PipelineStepsProps {
  data: DataStack;
  publicUrl: string;
  modelBaseUrl: string;
  adminEmail: string;
  /** Has the queue of runs looked at. */
  toAdmit: Queue;
}

/** The ticket machine's functions, each with the tables it touches and no more. */
export class PipelineSteps extends Construct {
  readonly functions: Omit<TicketSteps, 'engineer' | 'verifier'>;

  constructor(scope: Construct, id: string, props: PipelineStepsProps) {
    super(scope, id);
    this.functions = {
      ...this.waiting(props),
      ...this.thinking(props),
      ...this.deciding(props),
      ...this.concluding(props),
    };
  }

  private tables(data: DataStack) {
    return {
      TICKETS_TABLE: data.tickets.tableName,
      DELIVERIES_TABLE: data.deliveries.tableName,
      RUNS_TABLE: data.runs.tableName,
      PROJECTS_TABLE: data.projects.tableName,
    };
  }

  private waiting({ data, toAdmit }: PipelineStepsProps) {
    const queue = { QUEUE_TABLE: data.queue.tableName, ADMIT_QUEUE_URL: toAdmit.queueUrl };
    const awaitSlot = new Handler<AwaitSlotEnv>(this, 'AwaitSlot', {
      entry: 'task/await-slot',
      env: {
        TICKETS_TABLE: data.tickets.tableName,
        DELIVERIES_TABLE: data.deliveries.tableName,
        RUNS_TABLE: data.runs.tableName,
        ...queue,
      },
    });
    reads(awaitSlot, data.tickets, data.runs);
    const awaitDecision = new Handler<AwaitEnv>(this, 'AwaitDecision', {
      entry: 'task/await-decision',
      env: { APPROVAL_WAITS_TABLE: data.approvalWaits.tableName, ...queue },
    });
    data.approvalWaits.grant(awaitDecision, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    for (const fn of [awaitSlot, awaitDecision]) {
      writes(fn, data.queue);
      toAdmit.grantSendMessages(fn);
    }
    return { awaitSlot, awaitDecision };
  }

  private thinking({ data, modelBaseUrl }: PipelineStepsProps) {
    const model = { MODEL_BASE_URL: modelBaseUrl, MODEL_SECRET_ARN: data.modelSecret.secretArn };
    const env = { ...this.tables(data), ...model, TRIAGE_TABLE: data.triage.tableName };
    const classify = new Handler<ClassifyEnv>(this, 'Classify', {
      entry: 'task/classify',
      env,
      timeout: Duration.minutes(5),
    });
    const diagnose = new Handler<DiagnoseEnv>(this, 'Diagnose', {
      entry: 'task/diagnose',
      env: {
        ...env,
        ARTIFACTS_BUCKET: data.artifacts.bucketName,
        FORGE_SECRET_ARN: data.forgeSecret.secretArn,
      },
      timeout: Duration.minutes(10),
    });
    for (const fn of [classify, diagnose]) {
      writes(fn, data.tickets, data.runs);
      reads(fn, data.projects);
      data.modelSecret.grantRead(fn);
    }
    writes(classify, data.triage);
    reads(diagnose, data.triage, data.deliveries);
    keepsFiles(diagnose, data.artifacts, 'logs/', { isWriter: false });
    data.forgeSecret.grantRead(diagnose);
    return { classify, diagnose };
  }

  private deciding({ data }: PipelineStepsProps) {
    const proposePlan = new Handler<ProposeEnv>(this, 'ProposePlan', {
      entry: 'task/propose-plan',
      env: { ...this.tables(data), ...askEnv(data) },
    });
    writes(proposePlan, data.tickets, data.runs);
    reads(proposePlan, data.projects);
    asks(proposePlan, data);

    const loadDecision = new Handler<LoadEnv>(this, 'LoadDecision', {
      entry: 'task/load-decision',
      env: {
        ...this.tables(data),
        APPROVALS_TABLE: data.approvals.tableName,
        LEDGER_TABLE: data.ledger.tableName,
        PEOPLE_TABLE: data.people.tableName,
        POLICIES_TABLE: data.policies.tableName,
      },
    });
    writes(loadDecision, data.tickets, data.runs, data.approvals);
    reads(loadDecision, data.people, data.policies);
    appends(loadDecision, data.ledger);
    return { proposePlan, loadDecision };
  }

  private concluding({ data, publicUrl, adminEmail }: PipelineStepsProps) {
    const env = {
      ...this.tables(data),
      NOTICES_TABLE: data.notices.tableName,
      PUBLIC_URL: publicUrl,
      ADMIN_EMAIL: adminEmail,
    };
    const openPullRequest = new Handler<OpenEnv>(this, 'OpenPullRequest', {
      entry: 'task/open-pull-request',
      env: { ...env, FORGE_SECRET_ARN: data.forgeSecret.secretArn },
    });
    const escalate = new Handler<EscalateEnv>(this, 'Escalate', {
      entry: 'task/escalate',
      env: { ...env, FORGE_SECRET_ARN: data.forgeSecret.secretArn },
    });
    for (const fn of [openPullRequest, escalate]) {
      data.forgeSecret.grantRead(fn);
      writes(fn, data.tickets, data.runs, data.notices);
      reads(fn, data.projects);
    }
    return { openPullRequest, escalate };
  }
}
