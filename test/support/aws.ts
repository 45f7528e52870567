import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamoDb, dynamoDb } from '#local/aws/dynamodb/dynamodb.ts';
import { keyId, kms } from '#local/aws/kms.ts';
import { s3 } from '#local/aws/s3/s3.ts';
import { secrets } from '#local/aws/secrets/secrets.ts';
import { type Mail, ses } from '#local/aws/ses.ts';
import { type Sqs, sqs } from '#local/aws/sqs/sqs.ts';
import { wireServer } from '#local/aws/wire.ts';
import { type Clock, systemClock } from '#local/clock.ts';
import type { Integrations } from '#local/states/calls.ts';
import { type States, states } from '#local/states/states.ts';
import { openStore, type Store } from '#local/store.ts';

/** What tests sign checkpoints with. */
export const CHECKPOINT_KEY = keyId('CheckpointKey');

const LOCKED = {
  VersioningConfiguration: { Status: 'Enabled' },
  ObjectLockEnabled: true,
  ObjectLockConfiguration: {
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 10 } },
  },
};

export interface LocalAws {
  store: Store;
  machines: States;
  streams: DynamoDb['streams'];
  queues: Pick<Sqs, 'define'>;
  /** Newest first. */
  mails(): Mail[];
  stop(): Promise<void>;
}

interface Shape {
  keys: [string, string?];
  indexes?: Record<string, [string, string?]>;
  stream?: 'KEYS_ONLY' | 'NEW_IMAGE' | 'NEW_AND_OLD_IMAGES';
}

/** The product's tables as the data stack makes them; names are the constants that tests use. */
const TABLES: Record<string, Shape> = {
  Tickets: {
    keys: ['org', 'id'],
    indexes: { byCreated: ['org', 'createdAt'], byPullRequest: ['pullRequestKey'] },
    stream: 'NEW_AND_OLD_IMAGES',
  },
  Deliveries: { keys: ['pk', 'sk'], indexes: { byReceived: ['org', 'receivedAt'] } },
  Runs: { keys: ['run', 'sk'], indexes: { byDay: ['costDay', 'at'] } },
  Projects: { keys: ['org', 'id'] },
  Checks: { keys: ['pk', 'sk'] },
  Leases: { keys: ['id'] },
  Approvals: {
    keys: ['pk', 'sk'],
    indexes: {
      inbox: ['inboxOrg', 'expiresAt'],
      resume: ['resumeOrg', 'decidedAt'],
      history: ['org', 'requestedAt'],
    },
    stream: 'NEW_AND_OLD_IMAGES',
  },
  ApprovalLinks: { keys: ['id'], stream: 'NEW_AND_OLD_IMAGES' },
  ApprovalWaits: { keys: ['id'], stream: 'NEW_IMAGE' },
  Ledger: { keys: ['pk', 'sk'], stream: 'NEW_AND_OLD_IMAGES' },
  Sequence: { keys: ['pk', 'sk'], stream: 'KEYS_ONLY' },
  Policies: { keys: ['pk', 'sk'] },
  Triage: { keys: ['pk', 'sk'] },
  Queue: { keys: ['pk', 'sk'], indexes: { waiting: ['waitingOf', 'rank'], held: ['heldBy', 'since'] } },
  People: { keys: ['pk', 'sk'], indexes: { byEmail: ['email'] } },
  DeadLetters: { keys: ['org', 'id'] },
  Notices: { keys: ['org', 'id'], stream: 'NEW_IMAGE' },
};

/** A queue, and where its messages die. */
const QUEUES = ['Waiting', 'Dead'];

/** A local AWS of this test file's own, on a free port, with the product's tables; the SDK's environment points at it. */
export async function localAws({
  clock = systemClock(),
  integrations = {},
  folder: given,
}: {
  /** Where it keeps everything, for a process that is killed and goes on; else a temporary one. */
  folder?: string;
  clock?: Clock;
  /** What state machines may call. */
  integrations?: Integrations;
} = {}): Promise<LocalAws> {
  const folder = given ?? mkdtempSync(join(tmpdir(), 'signalbox-'));
  const store = openStore(folder);
  const db = dynamoDb(store, clock);
  const mail = ses(store, clock);
  const bucket = s3(store, clock);
  const machines = states({ store, clock, integrations });
  const queues = sqs(store, clock);
  for (const [name, shape] of Object.entries(TABLES)) db.define(name, propertiesOf(shape));
  bucket.define('artifacts', {});
  bucket.define('checkpoints', LOCKED);
  const keys = kms(store, clock);
  keys.define('CheckpointKey', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  for (const name of QUEUES) queues.define(name, {});
  const server = wireServer({
    json: {
      DynamoDB_20120810: db.operations,
      AmazonSQS: queues.operations,
      TrentService: keys.operations,
      secretsmanager: secrets(store, clock).operations,
      AWSStepFunctions: machines.operations,
    },
    rest: { ses: mail.rest, s3: bucket.rest },
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  pointAt((server.address() as AddressInfo).port);
  return {
    store,
    machines,
    streams: db.streams,
    queues,
    mails: mail.mails,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await machines.stop();
      db.stop();
      store.close();
      if (!given) rmSync(folder, { recursive: true });
    },
  };
}

function pointAt(port: number): void {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
}

function propertiesOf({ keys, indexes = {}, stream }: Shape) {
  const names = new Set([keys, ...Object.values(indexes)].flat().filter((name) => name !== undefined));
  return {
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...names].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: schema(keys),
    ...(Object.keys(indexes).length > 0 && {
      GlobalSecondaryIndexes: Object.entries(indexes).map(([IndexName, key]) => ({
        IndexName,
        KeySchema: schema(key),
        Projection: { ProjectionType: 'ALL' },
      })),
    }),
    ...(stream && { StreamSpecification: { StreamViewType: stream } }),
  };
}

function schema([hash, range]: [string, string?]) {
  return [
    { AttributeName: hash, KeyType: 'HASH' },
    ...(range ? [{ AttributeName: range, KeyType: 'RANGE' }] : []),
  ];
}
