import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Machines } from '#core/ports.ts';
import { sfn } from './clients.ts';

/** A token that nobody waits for any more: answered already, timed out, or its execution has ended. */
const CLOSED = ['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'];

/** State machines: started once per name, and answered through the tokens that they wait for. */
export function stateMachines(): Machines {
  return {
    start: async (machineArn, name, input) => {
      try {
        await sfn().send(
          new StartExecutionCommand({ stateMachineArn: machineArn, name, input: JSON.stringify(input) }),
        );
      } catch (error) {
        if ((error as { name?: string }).name !== 'ExecutionAlreadyExists') throw error;
      }
    },
    stop: async (machineArn, name, cause) => {
      const executionArn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
      try {
        await sfn().send(new StopExecutionCommand({ executionArn, cause }));
      } catch (error) {
        if ((error as { name?: string }).name !== 'ExecutionDoesNotExist') throw error;
      }
    },
    state,
    succeed: (token, output) =>
      whileOpen(() =>
        sfn().send(new SendTaskSuccessCommand({ taskToken: token, output: JSON.stringify(output) })),
      ),
    fail: (token, error, cause) =>
      whileOpen(() => sfn().send(new SendTaskFailureCommand({ taskToken: token, error, cause }))),
    beat: (token) => whileOpen(() => sfn().send(new SendTaskHeartbeatCommand({ taskToken: token }))),
  };
}

async function state(executionArn: string): Promise<'running' | 'ended' | 'unknown'> {
  try {
    const { status } = await sfn().send(new DescribeExecutionCommand({ executionArn }));
    return status === 'RUNNING' ? 'running' : 'ended';
  } catch (error) {
    if ((error as { name?: string }).name !== 'ExecutionDoesNotExist') throw error;
    return 'unknown';
  }
}

async function whileOpen(send: () => Promise<unknown>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (!CLOSED.includes((error as { name?: string }).name ?? '')) throw error;
    return false;
  }
}
