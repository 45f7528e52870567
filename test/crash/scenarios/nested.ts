import { count } from '../journal.ts';
import { lambda, machine } from '../template.ts';
import type { Scenario } from '../world.ts';

const step = (name: string, fields: object) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the template's own substitution
    FunctionName: '${Step}',
    Payload: { name },
  },
  Output: '{% $states.result.Payload.name %}',
  ...fields,
});

const NAMES = ['child', 'item 1', 'item 2', 'item 3'];

/** A machine that waits for another, then maps over items in executions of their own. */
export const scenario: Scenario = {
  resources: {
    Step: lambda('step'),
    Child: machine({
      StartAt: 'Rest',
      States: { Rest: { Type: 'Wait', Seconds: 5, Next: 'Work' }, Work: step('child', { End: true }) },
    }),
    Machine: machine({
      StartAt: 'Child',
      States: {
        Child: {
          Type: 'Task',
          Resource: 'arn:aws:states:::states:startExecution.sync:2',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the template's own substitution
          Arguments: { StateMachineArn: '${Child}', Input: {} },
          Assign: { said: '{% $states.result.Output %}' },
          Next: 'Many',
        },
        Many: {
          Type: 'Map',
          Items: [1, 2, 3],
          MaxConcurrency: 2,
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            StartAt: 'One',
            States: { One: step('{% "item " & $string($states.input) %}', { End: true }) },
          },
          Output: '{% [$said, $states.result] %}',
          End: true,
        },
      },
    }),
  },

  async play({ once, until, aws, ref }) {
    const start = { stateMachineArn: ref('Machine'), name: 'one', input: '{}' };
    await once('start', () => aws('AWSStepFunctions.StartExecution', start));
    const executionArn = `${ref('Machine').replace(':stateMachine:', ':execution:')}:one`;
    await until('the end', async () => {
      const { status } = await aws('AWSStepFunctions.DescribeExecution', { executionArn });
      return status !== 'RUNNING';
    });
  },

  async check({ aws, ref }, all, crashes) {
    const executionArn = `${ref('Machine').replace(':stateMachine:', ':execution:')}:one`;
    const { status, output, cause } = await aws('AWSStepFunctions.DescribeExecution', { executionArn });
    const { executions } = await aws('AWSStepFunctions.ListExecutions', { stateMachineArn: ref('Child') });
    return {
      lost: output === JSON.stringify(NAMES) ? [] : [`${status} ${output} ${cause}`],
      doubled: [
        ...(executions.length > 1 ? [`${executions.length} children`] : []),
        ...NAMES.filter((name) => count(all, 'begin', name) > 1 + crashes),
      ],
    };
  },
};
