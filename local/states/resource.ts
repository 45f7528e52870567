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

/** How AWS prefixes the errors of its optimised integrations; an SDK integration is its name with a capital. */
const names: Record<string, string> = {
  ecs: 'ECS',
  sqs: 'SQS',
  sns: 'SNS',
  states: 'StepFunctions',
  dynamodb: 'DynamoDB',
  events: 'EventBridge',
};

/** The service as its errors and causes name it: `Lambda`, `SQS`, `S3`. */
export function serviceName(type: string): string {
  const bare = type.replace(/^aws-sdk:/, '');
  return (bare === type ? names[bare] : undefined) ?? bare.charAt(0).toUpperCase() + bare.slice(1);
}
