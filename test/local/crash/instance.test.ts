import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { openStore } from '#local/store.ts';
import {
  containersBegun,
  end,
  type Host,
  order,
  reaches,
  stateOf,
  synthesised,
  up,
} from '../support/host.ts';

/** Every commit at full size; otherwise a spread of them. */
const STEP = process.env.SIGNALBOX_FULL ? 1 : 12;
const AT_ONCE = 4;

let assembly: string;
beforeAll(async () => {
  assembly = await synthesised();
});

interface Verdict {
  reached: boolean;
  wrong: string[];
}

/** An instance that dies at a commit of the whole way from request to container, and what the next one makes of it. */
async function dies(ordinal: number, moment: string): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'crash-'));
  let isKept = false;
  const first = await up(folder, assembly, String(ordinal), moment).catch(() => undefined);
  if (first) {
    isKept = await order(first, 'one').then(
      () => true,
      () => false,
    );
    const gone = once(first.process, 'exit').then(() => true);
    const reached = await Promise.race([gone, isThrough(first)]);
    if (first.process.exitCode === null && !first.process.killed && !reached) {
      await end(first, 'SIGTERM');
      rmSync(folder, { recursive: true, maxRetries: 5 });
      return { reached: false, wrong: [] };
    }
  }
  const wrong = await recovered(folder, isKept);
  rmSync(folder, { recursive: true, maxRetries: 5 });
  return { reached: true, wrong };
}

/** Resolves with false once everything was done and nothing more is written. */
async function isThrough(host: Host): Promise<boolean> {
  try {
    await reaches(host, 'one', 'done');
    await sleep(1_000);
    return false;
  } catch {
    await sleep(5_000);
    return true;
  }
}

async function recovered(folder: string, isKept: boolean): Promise<string[]> {
  const host = await up(folder, assembly);
  const isThere = (await stateOf(host, 'one')) !== 'none';
  if (!isThere) await order(host, 'one');
  await reaches(host, 'one', 'done');
  await sleep(300);
  await end(host, 'SIGTERM');
  const begun = containersBegun(folder);
  return [
    ...(isKept && !isThere ? ['an accepted request is lost'] : []),
    ...(begun > 2 ? [`${begun} containers`] : []),
    ...left(folder),
  ];
}

/** Executions that did not come to one good end, and messages that nobody took. */
function left(folder: string): string[] {
  const { sql, close } = openStore(folder);
  const executions = sql('SELECT name, status FROM states_executions').all();
  const messages = sql('SELECT count(*) AS n FROM sqs_message').get()?.n;
  close();
  const isRight = executions.length === 1 && executions[0]?.status === 'SUCCEEDED';
  return [
    ...(isRight ? [] : [`executions ${JSON.stringify(executions)}`]),
    ...(messages === 0 ? [] : [`${messages} messages left`]),
  ];
}

it('goes on after dying at any commit from request to container', { timeout: 1_800_000 }, async () => {
  const broken: string[] = [];
  let cases = 0;
  let reached = 0;
  for (let from = 1, isOver = false; !isOver; from += STEP * 2) {
    const batch = [from, from + STEP].flatMap((ordinal) =>
      ['before', 'after'].map((moment) => ({ ordinal, moment })),
    );
    expect(batch).toHaveLength(AT_ONCE);
    const results = await Promise.all(
      batch.map(async (one) => ({ one, ...(await dies(one.ordinal, one.moment)) })),
    );
    for (const { one, wrong } of results)
      broken.push(...wrong.map((what) => `${one.ordinal} ${one.moment}: ${what}`));
    cases += batch.length;
    const here = results.filter((result) => result.reached).length;
    reached += here;
    isOver = here < batch.length;
  }
  process.stdout.write(
    `crash matrix of an instance: ${reached} commits died at in ${cases} cases, ${broken.length} promises broken\n`,
  );

  expect(broken).toEqual([]);
  expect(reached).toBeGreaterThan(process.env.SIGNALBOX_FULL ? 60 : 4);
});
