import { appendFileSync } from 'node:fs';
import { systemClock } from '#local/clock.ts';
import { states } from '#local/states/states.ts';
import { openStore } from '#local/store.ts';

/** A process that a test kills: starts what is not there yet, goes on with the rest, notes every call. */
const [folder = '', count = '0'] = process.argv.slice(2);
const Resource = 'arn:aws:states:::lambda:invoke';
const step = (name: string, fields: object) => ({
  Type: 'Task',
  Resource,
  Arguments: { FunctionName: name, Payload: '{% $states.context.Execution.Name %}' },
  ...fields,
});
const definition = {
  QueryLanguage: 'JSONata',
  StartAt: 'a',
  States: {
    a: step('a', { Assign: { a: '{% $states.result.Payload %}' }, Next: 'Sleep' }),
    Sleep: { Type: 'Wait', Seconds: 1, Next: 'Each' },
    Each: {
      Type: 'Map',
      Items: [1, 2, 3],
      ItemProcessor: { StartAt: 'b', States: { b: step('b', { Output: '{% $states.input %}', End: true }) } },
      Next: 'c',
    },
    c: step('c', { Output: '{% [$a, $states.input, $states.result.Payload] %}', End: true }),
  },
};

const store = openStore(folder);
const service = states({
  store,
  clock: systemClock(),
  integrations: {
    async 'lambda:invoke'({ FunctionName, Payload }, { attempt }) {
      appendFileSync(`${folder}/calls`, `${attempt}\n`);
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
      return { Payload: `${FunctionName} of ${Payload}` };
    },
  },
});
const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:killed';
const call = { signal: new AbortController().signal };
service.define(stateMachineArn, { DefinitionString: JSON.stringify(definition) });
service.resume();
for (let n = 0; n < Number(count); n += 1)
  await Promise.resolve(service.operations.StartExecution?.({ stateMachineArn, name: `n${n}` }, call)).catch(
    (error) => {
      if (error.code !== 'ExecutionAlreadyExists') throw error;
    },
  );

const isRunning = () =>
  Number(store.sql("SELECT count(*) AS n FROM states_executions WHERE status='RUNNING'").get()?.n) > 0;
while (isRunning())
  await new Promise((resolve) => {
    setTimeout(resolve, 10);
  });
await service.stop();
store.close();
process.stdout.write('all ended\n');
