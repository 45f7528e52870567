import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe } from 'vitest';
import { clientOf, dynamoDbContract } from '../local/aws/dynamodb.contract.ts';
import { eventsContract } from '../local/aws/events.contract.ts';
import { client } from '../local/aws/local-subject.ts';
import { s3Contract } from '../local/aws/s3.contract.ts';
import { secretsContract } from '../local/aws/secrets.contract.ts';
import { sesContract } from '../local/aws/ses.contract.ts';
import { sqsContract } from '../local/aws/sqs.contract.ts';
import { statesContract } from '../local/states/states.contract.ts';

const { DYNAMODB_LOCAL: dynamoDbLocal, MINISTACK: ministack } = process.env;

/** Nobody can set an oracle's clock: what takes longer than this is not asked of it. */
const PATIENCE = 10_000;

describe.runIf(dynamoDbLocal)('DynamoDB Local', () => {
  dynamoDb(String(dynamoDbLocal));
});

describe.runIf(ministack)('ministack', () => {
  const endpoint = String(ministack);
  const close = async () => {};
  const sqs = new SQSClient({ ...client, endpoint });

  async function queue(QueueName: string, given: Record<string, unknown> = {}): Promise<string> {
    const Attributes = Object.fromEntries(
      Object.entries(given)
        .filter(([, value]) => value !== undefined && value !== false)
        .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
    );
    return (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl as string;
  }

  dynamoDb(endpoint);
  describe('SQS', () =>
    sqsContract(async () => ({
      endpoint,
      define: async (name, properties) => void (await queue(name, properties)),
      advance: async (ms) => {
        if (ms > PATIENCE) throw new Error(`This oracle's clock cannot be moved by ${ms} ms`);
        await sleep(ms);
      },
      close,
    })));
  describe('S3', () => {
    const s3 = new S3Client({ ...client, endpoint, forcePathStyle: true });
    s3Contract(async () => ({
      endpoint,
      define: async (Bucket, { VersioningConfiguration, ObjectLockEnabled }) => {
        await s3.send(
          new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: Boolean(ObjectLockEnabled) }),
        );
        if (VersioningConfiguration)
          await s3.send(
            new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
          );
      },
      now: Date.now,
      close,
    }));
  });
  describe('Secrets Manager', () => secretsContract(async () => ({ endpoint, close })));
  describe('SES', () => sesContract(async () => ({ endpoint, close })));
  describe('EventBridge', () => {
    const events = new EventBridgeClient({ ...client, endpoint });
    let url = '';
    const seen: unknown[] = [];
    eventsContract(async () => ({
      endpoint,
      rule: async (bus, pattern) => {
        url = await queue('delivered');
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
        );
        await events.send(new CreateEventBusCommand({ Name: bus }));
        const rule = { Name: 'rule', EventBusName: bus };
        await events.send(new PutRuleCommand({ ...rule, EventPattern: JSON.stringify(pattern) }));
        const Targets = [{ Id: 'one', Arn: Attributes?.QueueArn }];
        await events.send(new PutTargetsCommand({ Rule: 'rule', EventBusName: bus, Targets }));
      },
      delivered: async () => {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
        );
        seen.push(...Messages.map(({ Body }) => JSON.parse(String(Body))));
        return seen;
      },
      close,
    }));
  });
  describe('Step Functions', () => statesContract(async () => ({ endpoint, queue, close })));
});

function dynamoDb(endpoint: string): void {
  dynamoDbContract('DynamoDB', async () => {
    const sdk = clientOf(endpoint);
    return {
      endpoint,
      define: async (TableName, properties) => {
        await sdk.send(new CreateTableCommand({ TableName, ...properties }));
      },
      stop: async () => sdk.destroy(),
    };
  });
}
