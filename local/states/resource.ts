import { randomUUID } from 'node:crypto';

/** What a Task's `Resource` means. */
export interface Resource {
  /** The key in the integrations: `lambda:invoke`, `ecs:runTask`, `aws-sdk:s3:getObject`. */
  integration: string;
  /** `resourceType` and `resource` as the history words them: `lambda` and `invoke.waitForTaskToken`. */
  type: string;
  action: string;
  mode: 'requestResponse' | 'sync' | 'waitForTaskToken';
  /** The function's own ARN as the resource: its events and its arguments differ from `lambda:invoke`. */
  functionArn?: string;
}

/** Reads a Task's `Resource`; what is no service integration (an activity, say) names itself as the integration. */
export function resourceOf(arn: string): Resource {
  if (/^arn:[^:]+:lambda:/.test(arn))
    return {
      integration: 'lambda:invoke',
      type: 'lambda',
      action: arn,
      mode: 'requestResponse',
      functionArn: arn,
    };
  const match = /^arn:[^:]+:states:[^:]*:[^:]*:((?:aws-sdk:)?[^:.]+):([^:.]+)(\..+)?$/.exec(arn);
  if (!match) return { integration: arn, type: '', action: arn, mode: 'requestResponse' };
  const [, type = '', name = '', suffix = ''] = match;
  const modes: Record<string, Resource['mode']> = {
    '': 'requestResponse',
    '.sync': 'sync',
    '.sync:2': 'sync',
    '.waitForTaskToken': 'waitForTaskToken',
  };
  const mode = modes[suffix];
  const integration = mode ? `${type}:${name}` : arn;
  return { integration, type, action: name + suffix, mode: mode ?? 'requestResponse' };
}

/** How AWS prefixes the errors of its optimised integrations. */
const names: Record<string, string> = {
  ecs: 'ECS',
  sqs: 'SQS',
  sns: 'SNS',
  states: 'StepFunctions',
  dynamodb: 'DynamoDB',
  events: 'EventBridge',
};

/** The same services as the older SDK behind the optimised integrations words them in causes. */
const words: Record<string, string> = {
  lambda: 'AWSLambda',
  ecs: 'AmazonECS',
  sqs: 'AmazonSQS',
  states: 'AWSStepFunctions',
  dynamodb: 'AmazonDynamoDBv2',
};

/** An API error as a task's history tells it: its name, and its message with what AWS's SDK appends. */
export function serviceError(
  type: string,
  { code, message, status }: { code: string; message: string; status: number },
): { error: string; cause: string } {
  const id = randomUUID();
  const isUnnamed = ['ValidationException', 'MissingParameter'].includes(code);
  const named = (bare: string) => (isUnnamed ? bare : code.endsWith('Exception') ? code : `${code}Exception`);
  if (type.startsWith('aws-sdk:')) {
    const bare = type.slice('aws-sdk:'.length);
    const service = bare === 'dynamodb' ? 'DynamoDb' : bare.charAt(0).toUpperCase() + bare.slice(1);
    const more = bare === 's3' ? `, Extended Request ID: ${id}` : '';
    const cause = `${message} (Service: ${service}, Status Code: ${status}, Request ID: ${id}${more})`;
    return {
      error: `${service}.${named(`${service}Exception`)}`,
      cause: bare === 'sfn' ? `${cause} (SDK Attempt Count: 1)` : cause,
    };
  }
  const service = names[type] ?? type.charAt(0).toUpperCase() + type.slice(1);
  const word = words[type] ?? service;
  return {
    error: `${service}.${named(`Amazon${service}Exception`)}`,
    cause: `${message} (Service: ${word}; Status Code: ${status}; Error Code: ${code}; Request ID: ${id}; Proxy: null)`,
  };
}
