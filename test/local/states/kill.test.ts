import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from '#local/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'killed-'));
const EXECUTIONS = 20;
const KILLS = 6;

function live(milliseconds?: number): Promise<string> {
  const child = spawn(process.execPath, [
    join(import.meta.dirname, 'durable-process.ts'),
    folder,
    String(EXECUTIONS),
  ]);
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  child.stderr.on('data', (data) => {
    text += data;
  });
  if (milliseconds !== undefined) setTimeout(() => child.kill('SIGKILL'), milliseconds);
  return new Promise((resolve) => {
    child.on('close', () => resolve(text));
  });
}

it('survives kill -9 again and again, and repeats only what was in flight', { timeout: 60_000 }, async () => {
  for (let kill = 0; kill < KILLS; kill += 1) expect(await live(250 + kill * 130)).not.toContain('Error');
  expect(await live()).toBe('all ended\n');

  const store = openStore(folder);
  const ended = store.sql('SELECT name, status, output FROM states_executions').all();
  expect(ended).toHaveLength(EXECUTIONS);
  for (const { name, status, output } of ended)
    expect({ status, output }).toEqual({
      status: 'SUCCEEDED',
      output: JSON.stringify([`a of ${name}`, 1, 2, 3, `c of ${name}`]),
    });
  const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
  expect(new Set(calls).size).toBe(EXECUTIONS * 5);
  // A call is in flight for 20 ms of what each life lasts: far fewer repetitions than kills times executions.
  expect(calls.length).toBeLessThanOrEqual(EXECUTIONS * 5 + KILLS * EXECUTIONS * 3);
  const scheduled = store
    .sql('SELECT events FROM states_history')
    .all()
    .flatMap(({ events }) => JSON.parse(events as string))
    .filter(({ type }) => type === 'TaskScheduled');
  expect(scheduled).toHaveLength(EXECUTIONS * 5);
  store.close();
  rmSync(folder, { recursive: true });
});
