import { afterAll, describe, expect, it } from 'vitest';
import { crashMatrix, type Matrix } from './matrix.ts';

const isFull = process.env.SIGNALBOX_FULL !== undefined;
/** The full suite kills at every step, and for every fifth of those at every step of the recovery too. */
const extent = isFull ? { every: 1, again: 5 } : { every: 12 };

describe('killed at a durable step, and again while it recovers', () => {
  const rows: string[] = [];

  afterAll(() => process.stdout.write(`${rows.join('\n')}\n`));

  function tell(name: string, { cases, steps, lost, doubled }: Matrix): void {
    rows.push(
      `crash matrix ${name}: ${steps} steps, ${cases} cases, ${lost.length} lost, ${doubled.length} doubled`,
    );
  }

  it('containers that outlive it: their exit codes are read, none is begun again', {
    timeout: 3_600_000,
  }, async () => {
    const matrix = await crashMatrix('containers', { every: extent.every });
    tell('containers', matrix);

    expect(matrix).toMatchObject({ lost: [], doubled: [] });
  });

  it.each([
    ['tables', 'a transaction and its token, the stream, a queue, two functions'],
    ['machine', 'a wait, a Map, a retry, a token that a client keeps'],
    ['nested', 'executions that wait for executions, a distributed Map'],
    ['failures', 'retries of a stream, a dead letter, a failed invocation'],
    ['fifo', 'order and deduplication'],
    ['events', 'rules to a queue, a function that mails and a machine; a rate and a schedule'],
    ['containers', 'killed too, begun again'],
    ['objects', 'files: whole or not there'],
  ])('%s: loses and doubles nothing (%s)', { timeout: 3_600_000 }, async (name) => {
    const tasksToo = name === 'containers';
    const matrix = await crashMatrix(name, { ...extent, tasksToo });
    tell(tasksToo ? 'containers, killed too' : name, matrix);

    expect(matrix).toMatchObject({ lost: [], doubled: [] });
    expect(matrix.cases).toBeGreaterThan((2 * matrix.steps) / extent.every);
  });
});
