import { count } from '../journal.ts';
import { lambda, machine, queue } from '../template.ts';
import type { Scenario } from '../world.ts';

const step = (name: string, fields: object) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the template's own substitution
    FunctionName: '${Step}',
    Payload: { name, input: '{% $states.input %}' },
  },
  Output: '{% $states.result.Payload.name %}',
  ...fields,
});

const WAIT_SECONDS = 30;
const LIST = '{% "each " & $string($states.input) %}';

const definition = {
  StartAt: 'First',
  States: {
    First: step('first', { Next: 'Sleep' }),
    Sleep: { Type: 'Wait', Seconds: WAIT_SECONDS, Next: 'Each' },
    Each: {
      Type: 'Map',
      Items: [1, 2],
      ItemProcessor: { StartAt: 'One', States: { One: step(LIST, { End: true }) } },
      Next: 'Flaky',
    },
    Flaky: step('flaky', { Retry: [{ ErrorEquals: ['Flaky'], IntervalSeconds: 5 }], Next: 'Ask' }),
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the template's own substitution
      Arguments: { QueueUrl: '${Queue}', MessageBody: '{% $states.context.Task.Token %}' },
      TimeoutSeconds: 36_000,
      Assign: { said: '{% $states.result %}' },
      Next: 'Last',
    },
    Last: step('last', { Output: '{% [$said, $states.result.Payload.name] %}', End: true }),
  },
};

/** Five kinds of state, a retry, a wait, and a token that a client keeps over the crash. */
export const scenario: Scenario = {
  resources: { Queue: queue(), Step: lambda('step'), Machine: machine(definition) },

  async play({ once, until, aws, ref }) {
    const start = { stateMachineArn: ref('Machine'), name: 'one', input: '{}' };
    await once('start', () => aws('AWSStepFunctions.StartExecution', start));
    const QueueUrl = ref('Queue');
    const { Body: taskToken, ReceiptHandle } = await once('token', () =>
      until('a token', async () => {
        const { Messages } = await aws('AmazonSQS.ReceiveMessage', { QueueUrl, VisibilityTimeout: 1 });
        return Messages?.[0];
      }),
    );
    await once('answer', () =>
      aws('AWSStepFunctions.SendTaskSuccess', { taskToken, output: '"yes"' }).catch(answeredBefore),
    );
    await once('delete', () => aws('AmazonSQS.DeleteMessage', { QueueUrl, ReceiptHandle }));
    const executionArn = `${ref('Machine').replace(':stateMachine:', ':execution:')}:one`;
    await until('the end', async () => {
      const { status } = await aws('AWSStepFunctions.DescribeExecution', { executionArn });
      return status !== 'RUNNING';
    });
  },

  async check({ aws, ref }, all, crashes) {
    const executionArn = `${ref('Machine').replace(':stateMachine:', ':execution:')}:one`;
    const { status, output } = await aws('AWSStepFunctions.DescribeExecution', { executionArn });
    const { events } = await aws('AWSStepFunctions.GetExecutionHistory', { executionArn });
    const at = (type: string) => events.find((event: { type: string }) => event.type === type)?.timestamp;
    const slept = at('WaitStateExited') - at('WaitStateEntered');
    const wanted = ['first', 'each 1', 'each 2', 'flaky', 'last'];
    const begun = (name: string) => count(all, 'begin', name);
    const surplus = wanted.reduce((sum, name) => sum + begun(name), 0) - wanted.length - 1;
    return {
      lost: [
        ...(status === 'SUCCEEDED' && output === '["yes","last"]' ? [] : [`${status} ${output}`]),
        ...wanted.filter((name) => count(all, 'end', name) === 0),
        ...(slept >= WAIT_SECONDS && slept < WAIT_SECONDS + 10 ? [] : [`slept ${slept} s`]),
        ...events
          .filter(({ id }: { id: number }, index: number) => id !== index + 1)
          .map(({ id }: { id: number }) => `history at ${id}`),
      ],
      doubled: [
        ...wanted.filter((name) => begun(name) > 1 + crashes + (name === 'flaky' ? 1 : 0)),
        ...(surplus > 2 * crashes ? [`${surplus} calls too many`] : []), // two run at a time at most
      ],
    };
  },
};

/** An answer whose acknowledgement a crash swallowed counts all the same. */
function answeredBefore(error: Error): object {
  if (error.name !== 'TaskTimedOut') throw error;
  return {};
}
