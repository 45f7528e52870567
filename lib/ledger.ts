import { Duration } from 'aws-cdk-lib';
import { type HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import type { Env as EvidenceEnv } from '#functions/http/evidence.ts';
import type { Env as CheckpointEnv } from '#functions/queue/checkpoint-ledger.ts';
import type { Env as SequenceEnv } from '#functions/queue/sequence-ledger.ts';
import type { Env as VerifyEnv } from '#functions/schedule/verify-ledger.ts';
import type { DataStack } from './data-stack.ts';
import { deadLetters } from './dead-letters.ts';
import { appends, keepsFiles, knowsPeople, reads } from './grants.ts';
import { Handler } from './handler.ts';
import { LedgerAlarms } from './ledger-alarms.ts';
import { addRoutes } from './routes.ts';

export interface LedgerProps {
  api: HttpApi;
  data: DataStack;
  publicUrl: string;
}

/** What makes the ledger provable: one order over all entries of an organization, and signed checkpoints of it. */
export class Ledger extends Construct {
  private readonly data: DataStack;

  constructor(scope: Construct, id: string, { api, data, publicUrl }: LedgerProps) {
    super(scope, id);
    this.data = data;
    new LedgerAlarms(this, 'Alarms', { followers: [this.sequencer(), this.checkpointer()] });
    this.verifier();
    addRoutes(this, api, [[HttpMethod.GET, '/v1/actions/{id}/evidence', this.evidence(publicUrl)]]);
  }

  private sequencer() {
    const { data } = this;
    const sequencer = new Handler<SequenceEnv>(this, 'Sequencer', {
      entry: 'queue/sequence-ledger',
      env: {
        APPROVALS_TABLE: data.approvals.tableName,
        LEDGER_TABLE: data.ledger.tableName,
        SEQUENCE_TABLE: data.sequence.tableName,
      },
    });
    reads(sequencer, data.approvals, data.ledger, data.sequence);
    appends(sequencer, data.sequence);
    sequencer.addEventSource(
      new DynamoEventSource(data.ledger, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        retryAttempts: 10,
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        onFailure: new SqsDlq(deadLetters(this, 'NotSequenced')),
      }),
    );
    return sequencer;
  }

  /** The only function that may sign. Its mapping is the clock: a minute, or 1,000 entries; nothing runs while nothing happens. */
  private checkpointer() {
    const { data } = this;
    const checkpointer = new Handler<CheckpointEnv>(this, 'Checkpointer', {
      entry: 'queue/checkpoint-ledger',
      env: {
        SEQUENCE_TABLE: data.sequence.tableName,
        CHECKPOINT_KEY_ID: data.checkpointKey.keyId,
        CHECKPOINT_BUCKET: data.checkpoints.bucketName,
      },
      timeout: Duration.seconds(60),
    });
    reads(checkpointer, data.sequence);
    appends(checkpointer, data.sequence);
    data.sequence.grant(checkpointer, 'dynamodb:UpdateItem');
    data.checkpointKey.grant(checkpointer, 'kms:Sign', 'kms:GetPublicKey');
    keepsFiles(checkpointer, data.checkpoints, 'checkpoints/', { isWriter: true });
    checkpointer.addEventSource(
      new DynamoEventSource(data.sequence, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 1_000,
        maxBatchingWindow: Duration.seconds(60),
        filters: [newPlaces, changedRows],
      }),
    );
    return checkpointer;
  }

  /** Reads everything, and signs nothing. It also gives places to entries whose stream record was given up on. */
  private verifier(): void {
    const { data } = this;
    const verifier = new Handler<VerifyEnv>(this, 'Verifier', {
      entry: 'schedule/verify-ledger',
      env: {
        APPROVALS_TABLE: data.approvals.tableName,
        LEDGER_TABLE: data.ledger.tableName,
        SEQUENCE_TABLE: data.sequence.tableName,
        CHECKPOINT_KEY_ID: data.checkpointKey.keyId,
        CHECKPOINT_BUCKET: data.checkpoints.bucketName,
      },
      timeout: Duration.minutes(15),
    });
    reads(verifier, data.ledger, data.sequence);
    data.ledger.grant(verifier, 'dynamodb:Scan');
    appends(verifier, data.sequence);
    data.checkpointKey.grant(verifier, 'kms:GetPublicKey');
    keepsFiles(verifier, data.checkpoints, 'checkpoints/', { isWriter: false });
    verifier.addToRolePolicy(
      new PolicyStatement({
        actions: ['s3:GetObjectRetention'],
        resources: [data.checkpoints.arnForObjects('checkpoints/*')],
      }),
    );
    new Rule(this, 'EveryDay', {
      schedule: Schedule.cron({ hour: '3', minute: '20' }),
      targets: [new LambdaFunction(verifier)],
    });
  }

  /** Only reads: proofs are made of what is stored. */
  private evidence(publicUrl: string) {
    const { data } = this;
    const evidence = new Handler<EvidenceEnv>(this, 'Evidence', {
      entry: 'http/evidence',
      env: {
        APPROVALS_TABLE: data.approvals.tableName,
        LEDGER_TABLE: data.ledger.tableName,
        POLICIES_TABLE: data.policies.tableName,
        SEQUENCE_TABLE: data.sequence.tableName,
        PEOPLE_TABLE: data.people.tableName,
        SESSION_SECRET_ARN: data.sessionSecret.secretArn,
        PUBLIC_URL: publicUrl,
      },
    });
    reads(evidence, data.approvals, data.ledger, data.policies, data.sequence);
    knowsPeople(evidence, data);
    return evidence;
  }
}

const newPlaces = FilterCriteria.filter({
  eventName: FilterRule.isEqual('INSERT'),
  dynamodb: { Keys: { sk: { S: FilterRule.beginsWith('S#') } } },
});
const changedRows = FilterCriteria.filter({
  eventName: FilterRule.or('MODIFY', 'REMOVE'),
  dynamodb: { Keys: { sk: { S: FilterRule.notEquals('CHECKPOINT') } } },
});
