import { AwsError, only, refuse } from '../service.ts';

/** AWS::Lambda::Function with intrinsics resolved. */
export type FunctionProperties = Record<string, unknown>;

/** A function as the template describes it. */
export interface Definition {
  name: string;
  arn: string;
  /** From the repository's root; absent for a function that only the CDK itself uses. */
  source?: string;
  environment: Record<string, string>;
  timeoutSeconds: number;
  memoryMegabytes: number;
  /** How many may run at once; undefined when the template reserves none. */
  reserved?: number;
  async: AsyncPolicy;
}

/** What becomes of an asynchronous invocation that fails. */
export interface AsyncPolicy {
  retries: number;
  maxAgeSeconds: number;
  /** Gets the invocation's record. */
  onFailure?: string;
  onSuccess?: string;
  /** Gets the bare payload (DeadLetterConfig). */
  deadLetter?: string;
}

const KNOWN = [
  ...['Architectures', 'Code', 'DeadLetterConfig', 'Description', 'Environment', 'EphemeralStorage'],
  ...['FunctionName', 'Handler', 'KmsKeyArn', 'LoggingConfig', 'MemorySize', 'RecursiveLoop'],
  ...['ReservedConcurrentExecutions', 'Role', 'Runtime', 'RuntimeManagementConfig', 'Tags', 'Timeout'],
  ...['TracingConfig', 'VpcConfig'],
];

/** Reads a function's properties; refuses what would change how it runs. */
export function functionOf(name: string, properties: FunctionProperties, source?: string): Definition {
  if (source) only(`AWS::Lambda::Function ${name}`, properties, KNOWN);
  const { Environment, Timeout, MemorySize, ReservedConcurrentExecutions, DeadLetterConfig } = properties;
  const variables = (Environment as { Variables?: Record<string, unknown> } | undefined)?.Variables ?? {};
  return {
    name,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    ...(source && { source }),
    environment: Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, String(value)])),
    timeoutSeconds: Number(Timeout ?? 3),
    memoryMegabytes: Number(MemorySize ?? 128),
    ...(ReservedConcurrentExecutions !== undefined && { reserved: Number(ReservedConcurrentExecutions) }),
    async: {
      retries: 2,
      maxAgeSeconds: 21_600,
      deadLetter: (DeadLetterConfig as { TargetArn?: string } | undefined)?.TargetArn,
    },
  };
}

/** Reads AWS::Lambda::EventInvokeConfig over what the function has. */
export function asyncPolicyOf(properties: Record<string, unknown>, before: AsyncPolicy): AsyncPolicy {
  only('AWS::Lambda::EventInvokeConfig', properties, [
    ...['DestinationConfig', 'FunctionName', 'MaximumEventAgeInSeconds', 'MaximumRetryAttempts', 'Qualifier'],
  ]);
  if (properties.Qualifier !== '$LATEST') refuse(`the qualifier ${properties.Qualifier}`);
  const { OnFailure, OnSuccess } = (properties.DestinationConfig ?? {}) as Record<
    string,
    { Destination?: string }
  >;
  return {
    ...before,
    retries: Number(properties.MaximumRetryAttempts ?? before.retries),
    maxAgeSeconds: Number(properties.MaximumEventAgeInSeconds ?? before.maxAgeSeconds),
    onFailure: OnFailure?.Destination,
    onSuccess: OnSuccess?.Destination,
  };
}

/** The function's name in any of the ways that Lambda takes: name, ARN, partial ARN, each with `:$LATEST` or without. */
export function functionName(given: string): string {
  const parts = given.replace(/:\$LATEST$/, '').split(':');
  const name = parts.length === 1 ? given : parts[parts.indexOf('function') + 1];
  if (!name) throw new AwsError('InvalidParameterValueException', `Invalid function name: ${given}`);
  return name.replace(/:\$LATEST$/, '');
}
