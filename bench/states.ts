import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#local/clock.ts';
import { states } from '#local/states/states.ts';
import { openStore } from '#local/store.ts';

/** Durable five-state executions a second: `node bench/states.ts [executions] [at once]`. */
const [total = 3000, width = 50] = process.argv.slice(2).map(Number);

const flow = {
  QueryLanguage: 'JSONata',
  StartAt: 'Begin',
  States: {
    Begin: { Type: 'Pass', Assign: { n: '{% $states.input.n %}' }, Next: 'Decide' },
    Decide: { Type: 'Choice', Choices: [{ Condition: '{% $n >= 0 %}', Next: 'Shape' }], Default: 'Done' },
    Shape: { Type: 'Pass', Output: { doubled: '{% $n * 2 %}' }, Next: 'Last' },
    Last: { Type: 'Pass', Next: 'Done' },
    Done: { Type: 'Succeed' },
  },
};
const work = (Next: string) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'f', Payload: '{% $states.input %}' },
  Output: '{% $states.result.Payload %}',
  ...(Next ? { Next } : { End: true }),
});
const tasks = {
  QueryLanguage: 'JSONata',
  StartAt: 'A',
  States: { A: work('B'), B: work('C'), C: work('D'), D: work('E'), E: work('') },
};

async function measure(name: string, definition: object): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-states-'));
  const store = openStore(folder);
  let ended = 0;
  const service = states({
    store,
    clock: systemClock(),
    integrations: { 'lambda:invoke': async ({ Payload }) => ({ StatusCode: 200, Payload }) },
    onStatus: ({ status }) => {
      if (status === 'SUCCEEDED') ended += 1;
    },
  });
  const stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`;
  service.define(stateMachineArn, { DefinitionString: JSON.stringify(definition) });
  const call = { signal: new AbortController().signal };
  const began = performance.now();
  for (let started = 0; started < total; ) {
    while (started - ended >= width) await new Promise(setImmediate);
    const batch = Math.min(width - (started - ended), total - started);
    const input = JSON.stringify({ n: started });
    await Promise.all(
      Array.from({ length: batch }, () =>
        service.operations.StartExecution?.({ stateMachineArn, input }, call),
      ),
    );
    started += batch;
  }
  while (ended < total) await new Promise(setImmediate);
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(`${name.padEnd(24)} ${Math.round(total / seconds)} executions/s, ${width} at once\n`);
  await service.stop();
  store.close();
  rmSync(folder, { recursive: true });
}

await measure('five-states-no-task', flow);
await measure('five-tasks', tasks);
