import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** Makes `create`'s result on first use and keeps it: clients cost tens of milliseconds and reuse connections. */
function lazily<T>(create: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= create();
    return made;
  };
}

/**
 * The only clients of AWS that the product makes: endpoints and regions come from the environment alone. Each is marked
 * pure, so that a bundle carries only the clients which its function uses.
 */
export const dynamo = /* @__PURE__ */ lazily(() =>
  DynamoDBDocumentClient.from(new DynamoDBClient(), { marshallOptions: { removeUndefinedValues: true } }),
);
export const ecs = /* @__PURE__ */ lazily(() => new ECSClient());
export const events = /* @__PURE__ */ lazily(() => new EventBridgeClient());
export const kms = /* @__PURE__ */ lazily(() => new KMSClient());
export const s3 = /* @__PURE__ */ lazily(() => new S3Client({ forcePathStyle: true }));
export const secretsManager = /* @__PURE__ */ lazily(() => new SecretsManagerClient());
export const ses = /* @__PURE__ */ lazily(() => new SESv2Client());
export const sfn = /* @__PURE__ */ lazily(() => new SFNClient());
/** Queues are asked for by their URLs, but always where the environment says that SQS is. */
export const sqs = /* @__PURE__ */ lazily(() => new SQSClient({ useQueueUrlAsEndpoint: false }));
