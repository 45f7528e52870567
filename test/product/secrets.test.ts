import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approveByPage, askedByMail } from '../../bin/demo/approver.ts';
import type { Keys } from '../../bin/demo/keys.ts';
import { type Tables, tablesAt } from '../support/aws-client.ts';
import { type RunningProduct, session, startedProduct } from '../support/product.ts';

describe('secrets, after the main job has been done', { timeout: 120_000 }, () => {
  let product: RunningProduct;
  let tables: Tables;
  /** What must not be found anywhere, by name. */
  const canaries: Record<string, string> = {};
  const processes = new Set<string>();
  const seen: Record<string, string> = {};

  beforeAll(async () => {
    product = await startedProduct();
    tables = tablesAt(product.aws);
    const keys: Keys = JSON.parse(readFileSync(product.webhookSecrets, 'utf8'));
    Object.assign(canaries, { forgeToken: keys.forgeToken, modelKey: keys.modelKey, ...keys.webhooks });
    const watching = watchProcesses();
    canaries.session = await session(product, 'lead@demo.example');
    const asked = await askedByMail(product.mailbox, 'approver@demo.example', /^Decide/);
    canaries.link = new URL(asked.link).searchParams.get('t') as string;
    const [wait] = await tables.rows('ApprovalWaits');
    canaries.taskToken = String(wait?.taskToken);
    seen.approvalPage = await pageBehind(asked.link);
    seen.receipt = await approveByPage(asked);
    const id = await inReview();
    watching();
    for (const path of ['/api/me', '/api/tickets', `/api/tickets/${id}`, '/api/approvals', '/api/projects']) {
      seen[path] = await (
        await fetch(`${product.dashboard}${path}`, {
          headers: { authorization: `Bearer ${canaries.session}` },
        })
      ).text();
    }
    seen.pullRequest = await (await fetch(`${product.forge}/acme/tap-orders/pull/1`)).text();
    seen.lines = JSON.stringify(await tables.rows('Runs'));
    seen.ledger = JSON.stringify(await tables.rows('Ledger'));
  }, 100_000);

  afterAll(async () => {
    tables?.close();
    await product?.stop();
  });

  /** Samples the process list until it is called off. */
  function watchProcesses(): () => void {
    const timer = setInterval(() => {
      for (const row of execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n'))
        processes.add(row);
    }, 60);
    return () => clearInterval(timer);
  }

  async function pageBehind(link: string): Promise<string> {
    const first = await fetch(link, { redirect: 'manual' });
    const clean = new URL(first.headers.get('location') ?? '', link);
    expect(clean.search).toBe('');
    const cookie = first.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ');
    return (await fetch(clean, { headers: { cookie } })).text();
  }

  async function inReview(): Promise<string> {
    for (let tries = 0; tries < 600; tries += 1, await sleep(100)) {
      const found = (await tables.rows('Tickets')).find(({ status }) => status === 'in_review');
      if (found) return String(found.id);
    }
    throw new Error('No pull request came');
  }

  function leaksIn(texts: Iterable<[string, string]>): string[] {
    return [...texts].flatMap(([where, text]) =>
      Object.entries(canaries)
        .filter(([, secret]) => text.includes(secret))
        .map(([name]) => `${name} in ${where}`),
    );
  }

  it('looks for real secrets', () => {
    expect(Object.keys(canaries)).toHaveLength(8);
    for (const secret of Object.values(canaries)) expect(secret.length).toBeGreaterThan(20);
    expect(leaksIn([['a planted line', `x ${canaries.session} y`]])).toEqual(['session in a planted line']);
  });

  it('are in no page and no answer', () => {
    expect(seen.approvalPage).toContain('Approve');
    expect(seen.pullRequest).toContain('client.py');
    expect(leaksIn(Object.entries(seen))).toEqual([]);
  });

  it('T08: are in no log of a function or a container, and in no file that a task left', () => {
    const files = ['logs', 'tasks', 's3'].flatMap((folder) => filesBelow(join(product.folder, folder)));

    expect(files.length).toBeGreaterThan(5);
    expect(leaksIn(files.map((file) => [file, readFileSync(file, 'latin1')]))).toEqual([]);
  });

  it('are in no process list', () => {
    expect([...processes].some((row) => row.includes('containers/agent/main.ts'))).toBe(true);
    expect(leaksIn([...processes].map((row) => [row.slice(0, 80), row]))).toEqual([]);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}
