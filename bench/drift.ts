import { setTimeout as sleep } from 'node:timers/promises';
import type { Project } from '../core/projects/project.ts';
import type { CheckRecord } from '../core/taps/check.ts';
import { tablesAt } from '../test/support/aws-client.ts';
import { type RunningProduct, session, startedProduct } from '../test/support/product.ts';
import { print } from './print.ts';

/**
 * `npm run bench:drift [-- TAPS]`: the weekly check of some taps through its machine, beside the same taps checked one after
 * another. Every tap is the demo's: cloned, installed and discovered in a process of its own. The ratio means something.
 */
const TAPS = Number(process.argv[2] ?? 25);
const LEAD = 'lead@demo.example';

const product = await startedProduct('--no-demo');
const tables = tablesAt(product.aws);
const ask = await asker(product);
try {
  const names = await registered();
  const machine = await timed(() => ask('POST', '/api/drift/checks', {}), names);
  let alone = 0;
  for (const repository of names)
    alone += await timed(() => ask('POST', '/api/drift/checks', { repository }), [repository]);
  const row = (name: string, ms: number) => [name, (ms / 1_000).toFixed(1), (ms / 1_000 / TAPS).toFixed(1)];
  print(
    `A drift check of ${TAPS} taps, ${(alone / machine).toFixed(1)} times as fast through the machine`,
    ['', 'seconds', 'per tap'],
    [row('machine', machine), row('one by one', alone)],
  );
} finally {
  tables.close();
  await product.stop();
}

/** The demo's tap under many names. */
async function registered(): Promise<string[]> {
  const { projects } = (await ask('GET', '/api/projects')) as { projects: Project[] };
  const [project] = projects;
  const tap = project?.repositories.find(({ kind }) => kind === 'tap');
  if (!project || !tap) throw new Error('The demo has no tap');
  const { org: _, id, revision: __, ...body } = project;
  const names = Array.from({ length: TAPS }, (_, at) => `acme/tap-${String(at).padStart(4, '0')}`);
  for (let from = 0; from < TAPS; from += 50) {
    const repositories = names.slice(from, from + 50).map((fullName) => ({ ...tap, fullName, aliases: [] }));
    await ask('PUT', `/api/projects/${from === 0 ? id : `more-${from}`}`, { ...body, repositories });
  }
  return names;
}

/** Milliseconds until every tap has a check that began after the work. */
async function timed(work: () => Promise<unknown>, names: string[]): Promise<number> {
  const began = performance.now();
  const { check } = (await work()) as { check: string };
  for (;;) {
    const rows = (await tables.rows('Checks')) as (CheckRecord & { sk: string })[];
    const done = rows.filter((row) => row.check === check && names.includes(row.sk));
    const failed = done.find(({ state }) => !['first', 'same'].includes(state));
    if (failed) throw new Error(`${failed.repository}: ${failed.state} ${failed.reason ?? ''}`);
    if (done.length === names.length) return performance.now() - began;
    await sleep(200);
  }
}

async function asker(at: RunningProduct) {
  const token = await session(at, LEAD);
  return async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${at.dashboard}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
}
