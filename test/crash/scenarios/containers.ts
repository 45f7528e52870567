import { count } from '../journal.ts';
import { container, lambda, machine, rule } from '../template.ts';
import type { Scenario } from '../world.ts';

/** Cut off with its tasks, a container is started again; the state names say which way it is waited for. */
const run = (name: string, code: string, wait: { suffix: string; token?: string; cutOff: string[] }) => ({
  StartAt: name,
  States: {
    [name]: {
      Type: 'Task',
      Resource: `arn:aws:states:::ecs:runTask.${wait.suffix}`,
      Arguments: {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the template's own substitution
        TaskDefinition: '${Work}',
        Overrides: {
          ContainerOverrides: [
            {
              Name: 'Main',
              Environment: [
                { Name: 'NAME', Value: name },
                { Name: 'CODE', Value: code },
                ...(wait.token ? [{ Name: 'TOKEN', Value: wait.token }] : []),
              ],
            },
          ],
        },
      },
      Retry: [{ ErrorEquals: wait.cutOff, IntervalSeconds: 1, MaxAttempts: 5 }],
      Catch: [{ ErrorEquals: ['Exit3'], Output: 'exit 3', Next: 'Over' }],
      Output: 'exit 0',
      End: true,
    },
    Over: { Type: 'Pass', End: true },
  },
});

const token = '{% $states.context.Task.Token %}';

/** Two containers at once: one waited for to its end, one whose end an event tells to a function, and that a token. */
export const scenario: Scenario = {
  resources: {
    Work: container('work'),
    Stopped: lambda('on-stopped'),
    Rule: rule({ EventPattern: { source: ['aws.ecs'], detail: { lastStatus: ['STOPPED'] } } }, ['Stopped']),
    Machine: machine({
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          Branches: [
            run('well', '0', { suffix: 'sync', cutOff: ['States.TaskFailed'] }),
            run('badly', '3', { suffix: 'waitForTaskToken', token, cutOff: ['Exit137', 'ExitNone'] }),
          ],
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

  async check({ aws, ref }, all) {
    const executionArn = `${ref('Machine').replace(':stateMachine:', ':execution:')}:one`;
    const { status, output, error, cause } = await aws('AWSStepFunctions.DescribeExecution', {
      executionArn,
    });
    const names = ['well', 'badly'];
    const begun = (name: string) => count(all, 'begin', name);
    const cuts = count(all, 'failed', 'containers');
    return {
      lost: output === '["exit 0","exit 3"]' ? [] : [`${status} ${output} ${error} ${cause}`],
      // A container that had ended, or that outlived the crash, is never begun again.
      doubled: names.filter((name) => begun(name) > 1 + cuts),
    };
  },
};
