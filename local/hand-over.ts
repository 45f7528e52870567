import type { Target } from './aws/deliveries.ts';
import type { Lambda } from './aws/lambda/lambda.ts';
import { refuse } from './aws/service.ts';
import type { Sqs } from './aws/sqs/sqs.ts';
import { call } from './call.ts';
import type { States } from './states/states.ts';

interface Takers {
  queues: Sqs;
  functions: Lambda;
  machines: States;
}

/** Hands events and records to whatever their target's ARN names. */
export function handOver({ queues, functions, machines }: Takers) {
  /** To a queue or a function, durably, in the transaction that is open. */
  function now({ arn, messageGroupId, attributes }: Target, payload: unknown): void {
    const service = arn.split(':')[2];
    if (service === 'lambda') return void functions.invokeLater(arn, payload);
    if (service !== 'sqs') refuse(`the target ${arn}`);
    queues.send(arn, JSON.stringify(payload), {
      ...(messageGroupId && { MessageGroupId: messageGroupId }),
      ...(attributes && { MessageAttributes: asText(attributes) }),
    });
  }

  /** To a machine also: that starts an execution named `key`, so that a repetition starts no other. */
  function over(target: Target, payload: unknown, key: string): Promise<void> | void {
    if (target.arn.split(':')[2] !== 'states') return now(target, payload);
    return begin({ stateMachineArn: target.arn, name: key, input: JSON.stringify(payload) });
  }

  async function begin(input: object): Promise<void> {
    try {
      await call(machines.operations, 'StartExecution', input);
    } catch (error) {
      if ((error as Error).name !== 'ExecutionAlreadyExists') throw error;
    }
  }

  return { now, over };
}

function asText(
  attributes: Record<string, string>,
): Record<string, { DataType: string; StringValue: string }> {
  const pairs = Object.entries(attributes);
  return Object.fromEntries(pairs.map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]));
}
