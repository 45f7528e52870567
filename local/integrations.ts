import type { DynamoDb } from './aws/dynamodb/dynamodb.ts';
import type { Ecs } from './aws/ecs/ecs.ts';
import type { Events } from './aws/events.ts';
import type { Lambda } from './aws/lambda/lambda.ts';
import type { S3 } from './aws/s3/s3.ts';
import { AwsError, type Operations, only } from './aws/service.ts';
import type { Sqs } from './aws/sqs/sqs.ts';
import { call } from './call.ts';
import type { Integrations } from './states/calls.ts';

interface Callees {
  functions: Pick<Lambda, 'invoke'>;
  containers?: Ecs;
  queues: Sqs;
  tables: DynamoDb;
  buckets: S3;
  bus: () => Events;
}

/** What state machines may call here. */
export function integrations({ functions, containers, queues, tables, buckets, bus }: Callees): Integrations {
  return {
    'lambda:invoke': async ({ FunctionName, Payload, ...rest }, { action }) => {
      only('lambda:invoke', rest, []);
      const isText = typeof Payload === 'string' && action.startsWith('invoke');
      const event = isText ? JSON.parse(Payload) : (Payload ?? {});
      const result = await functions.invoke(FunctionName, event);
      return { ExecutedVersion: '$LATEST', Payload: result, StatusCode: 200 };
    },
    ...(containers && { 'ecs:runTask': containers.runTask }),
    'events:putEvents': async ({ Entries = [] }, { signal }) => {
      const entries = Entries.map((entry: { Detail: unknown }) => ({ ...entry, Detail: text(entry.Detail) }));
      return call(bus().operations, 'PutEvents', { Entries: entries }, signal);
    },
    'sqs:sendMessage': async ({ MessageBody, ...rest }, { signal }) =>
      call(
        queues.operations,
        'SendMessage',
        { ...rest, ...(MessageBody != null && { MessageBody: text(MessageBody) }) },
        signal,
      ),
    ...named('dynamodb:', tables.operations, ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem']),
    ...named('aws-sdk:dynamodb:', tables.operations),
    ...named('aws-sdk:sqs:', queues.operations),
    's3:getObject': ({ Bucket, Key }) => getObject(buckets, { Bucket, Key }),
    'aws-sdk:s3:getObject': ({ Bucket, Key, ...rest }) => {
      only('aws-sdk:s3:getObject', rest, []);
      return getObject(buckets, { Bucket, Key });
    },
  };
}

/** Operations under the names that state machines call them by: `aws-sdk:dynamodb:putItem`. */
export function named(prefix: string, operations: Operations, names = Object.keys(operations)): Integrations {
  return Object.fromEntries(
    names.map((name) => [
      prefix + name.charAt(0).toLowerCase() + name.slice(1),
      async (args: object, { signal }: { signal: AbortSignal }) => call(operations, name, args, signal),
    ]),
  );
}

async function getObject({ rest }: S3, { Bucket, Key }: { Bucket: string; Key: string }): Promise<object> {
  const path = `/${encodeURIComponent(Bucket)}/${encodeURIComponent(Key)}`;
  const request = { method: 'GET', path, query: new URLSearchParams(), headers: {}, body: Buffer.alloc(0) };
  const { status, headers = {}, body = '' } = await rest(request);
  if (status !== 200) throw fromXml(String(body), status);
  return {
    AcceptRanges: headers['accept-ranges'],
    Body: body.toString(),
    ContentLength: Number(headers['content-length']),
    ContentType: headers['content-type'] ?? 'binary/octet-stream',
    ETag: headers.etag,
    LastModified: headers['last-modified'],
    Metadata: {},
    ServerSideEncryption: 'AES256',
  };
}

function fromXml(body: string, status: number): AwsError {
  const member = (name: string) => new RegExp(`<${name}>([^<]*)`).exec(body)?.[1] ?? '';
  return new AwsError(member('Code'), member('Message'), status);
}

/** These integrations take JSON values where the API takes text. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
