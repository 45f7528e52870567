import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectLockRetention,
} from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledged.ts';

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** What must survive the service: tables, files and secrets, all kept when the stack is deleted. */
export class DataStack extends Stack {
  readonly tickets: Table;
  readonly deliveries: Table;
  readonly runs: Table;
  readonly projects = this.table('Projects', { partitionKey: text('org'), sortKey: text('id') });
  readonly approvals: Table;
  readonly approvalLinks = this.table('ApprovalLinks', {
    ...byId,
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    timeToLiveAttribute: 'ttl',
  });
  readonly approvalWaits = this.table('ApprovalWaits', { ...byId, stream: StreamViewType.NEW_IMAGE });
  /** Old images too: who changes an entry is told on. */
  readonly policies = this.table('Policies', {});
  /** What checks of taps came to. */
  readonly checks = this.table('Checks', {});
  /** Who uses which credentials at the moment. */
  readonly leases = this.table('Leases', byId);
  readonly ledger = this.table('Ledger', { stream: StreamViewType.NEW_AND_OLD_IMAGES });
  readonly sequence = this.table('Sequence', { stream: StreamViewType.KEYS_ONLY });
  readonly people: Table;
  readonly notices = this.table('Notices', {
    partitionKey: text('org'),
    sortKey: text('id'),
    stream: StreamViewType.NEW_IMAGE,
    timeToLiveAttribute: 'ttl',
  });
  /** Corrections, what was learned from them, and which tickets are alike. */
  readonly triage = this.table('Triage', {});
  /** Messages that nobody could do, and why. */
  readonly deadLetters = this.table('DeadLetters', {
    partitionKey: text('org'),
    sortKey: text('id'),
    timeToLiveAttribute: 'expiresAt',
  });
  /** Places of runs that wait for a slot or have one, and how many. */
  readonly queue = this.indexed(this.table('Queue', { timeToLiveAttribute: 'expiresAt' }), {
    waiting: ['waitingOf', 'rank'],
    held: ['heldBy', 'since'],
  });
  readonly artifacts: Bucket;
  /** Signs checkpoints of the ledger; KMS never gives it out. */
  readonly checkpointKey = new Key(this, 'CheckpointKey', {
    description: 'Signs checkpoints of the ledger',
    keySpec: KeySpec.ECC_NIST_P256,
    keyUsage: KeyUsage.SIGN_VERIFY,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  readonly checkpoints: IBucket;
  readonly sessionSecret = this.secret('SessionSecret', 'Signs sessions; made at deploy, never shown', true);
  readonly linkSecret = this.secret('LinkSecret', 'Signs approval links; made at deploy, never shown', true);
  readonly modelSecret = this.secret('ModelSecret', 'API key of the model provider; put by the operator');
  readonly forgeSecret = this.secret('ForgeSecret', 'Token or GitHub App of the forge; put by the operator');
  readonly oidcSecret = this.secret(
    'OidcSecret',
    'Client secret of the OIDC issuer; put by the operator, if any',
  );

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.tickets = this.table('Tickets', {
      partitionKey: text('org'),
      sortKey: text('id'),
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    this.tickets.addGlobalSecondaryIndex({
      indexName: 'byCreated',
      partitionKey: text('org'),
      sortKey: text('createdAt'),
    });
    this.tickets.addGlobalSecondaryIndex({
      indexName: 'byPullRequest',
      partitionKey: text('pullRequestKey'),
    });

    this.deliveries = this.table('Deliveries', { timeToLiveAttribute: 'expiresAt' });
    this.deliveries.addGlobalSecondaryIndex({
      indexName: 'byReceived',
      partitionKey: text('org'),
      sortKey: text('receivedAt'),
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ['source', 'id', 'bodyHash', 'headers', 'outcome', 'why', 'ticketId'],
    });

    this.runs = this.table('Runs', { partitionKey: text('run'), sortKey: text('sk') });
    this.runs.addGlobalSecondaryIndex({
      indexName: 'byDay',
      partitionKey: text('costDay'),
      sortKey: text('at'),
    });

    this.approvals = this.table('Approvals', {
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      timeToLiveAttribute: 'ttl',
    });
    this.approvals.addGlobalSecondaryIndex({
      indexName: 'inbox',
      partitionKey: text('inboxOrg'),
      sortKey: text('expiresAt'),
    });
    this.approvals.addGlobalSecondaryIndex({
      indexName: 'resume',
      partitionKey: text('resumeOrg'),
      sortKey: text('decidedAt'),
    });
    this.approvals.addGlobalSecondaryIndex({
      indexName: 'history',
      partitionKey: text('org'),
      sortKey: text('requestedAt'),
    });

    this.people = this.table('People', { timeToLiveAttribute: 'ttl' });
    this.people.addGlobalSecondaryIndex({ indexName: 'byEmail', partitionKey: text('email') });

    const accessLogs = new Bucket(this, 'AccessLogs', { ...kept });
    this.artifacts = new Bucket(this, 'Artifacts', {
      ...kept,
      versioned: true,
      serverAccessLogsBucket: accessLogs,
    });
    this.checkpoints = this.checkpointBucket(accessLogs);
    for (const name of ['modelSecret', 'forgeSecret', 'oidcSecret'] as const) {
      new CfnOutput(this, `${name[0]?.toUpperCase()}${name.slice(1)}Arn`, { value: this[name].secretArn });
    }
    new CfnOutput(this, 'ArtifactsBucket', { value: this.artifacts.bucketName });
    new CfnOutput(this, 'CheckpointKeyId', { value: this.checkpointKey.keyId });
    new CfnOutput(this, 'CheckpointBucket', { value: this.checkpoints.bucketName });
    acknowledge(this, 'data');
  }

  /** Where checkpoints cannot be changed or deleted by anybody, the account's root included; or a bucket of another account. */
  private checkpointBucket(serverAccessLogsBucket: Bucket): IBucket {
    const elsewhere = this.node.tryGetContext('checkpointBucket');
    if (elsewhere) return Bucket.fromBucketName(this, 'Checkpoints', elsewhere);
    const days = Number(this.node.tryGetContext('checkpointDays') ?? SEVEN_YEARS);
    const bucket = new Bucket(this, 'Checkpoints', {
      ...kept,
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention: ObjectLockRetention.compliance(Duration.days(days)),
      serverAccessLogsBucket,
    });
    bucket.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:PutObjectRetention'],
        resources: [bucket.arnForObjects('*')],
      }),
    );
    return bucket;
  }

  private table(id: string, props: Partial<TableProps>): Table {
    return new Table(this, id, {
      partitionKey: text('pk'),
      ...(!props.partitionKey && { sortKey: text('sk') }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      ...props,
    });
  }

  private indexed(table: Table, indexes: Record<string, [string, string]>): Table {
    for (const [indexName, [key, order]] of Object.entries(indexes))
      table.addGlobalSecondaryIndex({ indexName, partitionKey: text(key), sortKey: text(order) });
    return table;
  }

  private secret(id: string, description: string, generated = false): Secret {
    return new Secret(this, id, {
      description,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(generated && { generateSecretString: { passwordLength: 64, excludePunctuation: true } }),
    });
  }
}

/** Days. */
const SEVEN_YEARS = 2_557;

const byId = { partitionKey: text('id') };

const kept = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;
