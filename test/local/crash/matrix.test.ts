import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from '#local/store.ts';
import { DONE, ITEMS } from './scenario.ts';

/** Every commit at full size; otherwise a spread of them. */
const STEP = process.env.SIGNALBOX_FULL ? 1 : 12;
const AT_ONCE = 8;

type Moment = 'before' | 'after';

/** One life of the scenario's process; answers whether it came to the end. */
function live(
  folder: string,
  ordinal = 0,
  moment: Moment | '' = '',
): Promise<{ isDone: boolean; said: string }> {
  const child = spawn(process.execPath, [
    join(import.meta.dirname, 'work.ts'),
    folder,
    String(ordinal),
    moment,
  ]);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      said += data;
    });
  return new Promise((resolve) => {
    child.on('close', () => resolve({ isDone: said === DONE, said }));
  });
}

/** What a folder holds that should not be there, or lacks that should. */
function violations(folder: string, deaths: number): string[] {
  const lines = readFileSync(join(folder, 'notes'), 'utf8').trim().split('\n');
  const store = openStore(folder);
  const wrong = [
    ...orders(store),
    ...executions(store),
    ...line(lines),
    ...calls(lines, deaths),
    ...told(lines),
    ...files(folder, store),
  ];
  store.close();
  return wrong;
}

type Store = ReturnType<typeof openStore>;

function orders({ sql }: Store): string[] {
  const rows = sql('SELECT item FROM dynamodb_items')
    .all()
    .map(({ item }) => JSON.parse(String(item)));
  const count = rows.find(({ id }) => id.S === 'count')?.n?.N;
  return rows.length === ITEMS + 1 && count === String(ITEMS)
    ? []
    : [`${rows.length} rows and a count of ${count}`];
}

function executions({ sql }: Store): string[] {
  const rows = sql('SELECT name, status, output FROM states_executions ORDER BY name').all();
  const right = rows.filter(({ name, status, output }) => {
    const n = Number(String(name).slice(1));
    return status === 'SUCCEEDED' && output === JSON.stringify([2, 2, 2, n]);
  });
  return rows.length === ITEMS && right.length === ITEMS ? [] : [`executions ${JSON.stringify(rows)}`];
}

/** In order at their first sight, and each body in one message only, however often its sending was repeated. */
function line(lines: string[]): string[] {
  const seen = lines.filter((one) => one.startsWith('consumed ')).map((one) => one.split(' ').slice(1));
  const bodies = [...new Set(seen.map(([body]) => body))];
  const ids = new Set(seen.map(([, id]) => id));
  return bodies.join() === 'm1,m2,m3' && ids.size === ITEMS ? [] : [`line ${JSON.stringify(seen)}`];
}

/** One call per task and attempt, and one more for each time that the process died while it was in flight. */
function calls(lines: string[], deaths: number): string[] {
  const made = lines.filter((one) => one.startsWith('called '));
  const over = made.length - new Set(made).size;
  const most = Math.max(...Object.values(Object.groupBy(made, (one) => one)).map((all) => all?.length ?? 0));
  return most <= 1 + deaths && over <= ITEMS * 3 * deaths
    ? []
    : [`${over} calls repeated, one of them ${most} times`];
}

function told(lines: string[]): string[] {
  const what = new Set(lines.filter((one) => one.startsWith('told ')));
  return what.size === ITEMS + 1 ? [] : [`told ${[...what]}`];
}

/** Every object whole, and no file that belongs to none. */
function files(folder: string, { sql }: Store): string[] {
  const kept = sql('SELECT file, size FROM s3_object').all();
  const wrong = kept.filter(({ size }) => size !== 20_000);
  const orphans = readdirSync(join(folder, 's3')).length - kept.length;
  return wrong.length === 0 && orphans <= 0 ? [] : [`objects ${JSON.stringify(kept)}, ${orphans} orphans`];
}

async function dies(ordinals: [number, Moment][]): Promise<{ reached: boolean; wrong: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'crash-'));
  let reached = true;
  for (const [ordinal, moment] of ordinals) {
    const { isDone, said } = await live(folder, ordinal, moment);
    reached &&= !isDone;
    if (!isDone && said !== '') return { reached, wrong: [`died of ${said}`] };
  }
  const last = reached ? await live(folder) : { isDone: true, said: '' };
  const wrong = last.isDone ? violations(folder, ordinals.length) : [`did not end: ${last.said}`];
  rmSync(folder, { recursive: true });
  return { reached, wrong };
}

/** Runs cases a few at a time; answers those that broke a promise, and how many reached their commit. */
async function matrix(cases: [number, Moment][][]): Promise<{ reached: number; broken: string[] }> {
  const left = [...cases];
  const broken: string[] = [];
  let reached = 0;
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const result = await dies(next);
      reached += Number(result.reached);
      for (const wrong of result.wrong) broken.push(`${next.join(' then ')}: ${wrong}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { reached, broken };
}

const MOMENTS: Moment[] = ['before', 'after'];

it('comes to the end when nothing dies', async () => {
  expect(await dies([])).toEqual({ reached: true, wrong: [] });
});

it('loses nothing and doubles nothing, whichever commit it dies at', { timeout: 1_800_000 }, async () => {
  const broken: string[] = [];
  let cases = 0;
  let reached = 0;
  for (let from = 1; ; from += STEP * 8) {
    const ordinals = Array.from({ length: 8 }, (_, at) => from + at * STEP);
    const batch = ordinals.flatMap((ordinal) =>
      MOMENTS.map((moment) => [[ordinal, moment] as [number, Moment]]),
    );
    const result = await matrix(batch);
    cases += batch.length;
    reached += result.reached;
    broken.push(...result.broken);
    if (result.reached < batch.length) break;
  }
  process.stdout.write(
    `crash matrix: ${reached} commits died at in ${cases} cases, ${broken.length} promises broken\n`,
  );

  expect(broken).toEqual([]);
  expect(reached).toBeGreaterThan(process.env.SIGNALBOX_FULL ? 100 : 8);
});

it('does so when it dies again while it recovers', { timeout: 1_800_000 }, async () => {
  const first = process.env.SIGNALBOX_FULL ? [20, 45, 70, 95] : [40];
  const second = Array.from(
    { length: process.env.SIGNALBOX_FULL ? 40 : 4 },
    (_, at) => (at + 1) * (process.env.SIGNALBOX_FULL ? 1 : 5),
  );
  const cases = first.flatMap((one) =>
    second.map(
      (two) =>
        [
          [one, 'after'],
          [two, 'before'],
        ] as [number, Moment][],
    ),
  );
  const { broken } = await matrix(cases);
  process.stdout.write(`crash matrix: ${cases.length} times twice, ${broken.length} promises broken\n`);

  expect(broken).toEqual([]);
});
