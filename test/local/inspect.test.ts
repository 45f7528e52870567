import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecutionView } from '#local/inspect/execution.ts';
import { graph } from '#local/inspect/graph.ts';
import type { Row } from '#local/inspect/inside.ts';
import { end, type Host, order, reaches, synthesised, up } from './support/host.ts';

const folder = mkdtempSync(join(tmpdir(), 'inspect-'));
let host: Host;
beforeAll(async () => {
  host = await up(folder, await synthesised());
  await order(host, 'one');
}, 30_000);
afterAll(async () => {
  await end(host, 'SIGKILL');
  rmSync(folder, { recursive: true, maxRetries: 5 });
});

// biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
async function view(path: string, headers: Record<string, string> = {}): Promise<any> {
  return (await fetch(`${host.aws}/_local${path}`, { headers })).json();
}

async function waiting(): Promise<ExecutionView> {
  const standsAt = async () => {
    const found = await view('/executions/one');
    return found.places?.find(({ status }: { status: string }) => status === 'now')?.name;
  };
  await expect.poll(standsAt, { timeout: 10_000 }).toBe('Work');
  return view('/executions/one');
}

describe('looking inside', () => {
  it('shows an execution with where it stands, what it waits for, and no token in full', async () => {
    const found = await waiting();
    const text = JSON.stringify(found);

    expect(found.places.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'Work now',
      'Finish untouched',
    ]);
    expect(found.waits.map(({ state }) => state)).toEqual(['Work (timeout)', 'Work']);
    expect(found.history.map(({ type }) => type)).toContain('TaskScheduled');
    expect(text).not.toMatch(/AQCEAAAAKgAAAAMAAAAA/);
  });

  it('shows the way that was taken once it is over, tables by a part of their name, events with their rules', async () => {
    await reaches(host, 'one', 'done');
    await expect.poll(async () => (await view('/executions/one')).status).toBe('SUCCEEDED');
    const { edges } = await view('/executions/one');
    const items = await view('/tables/things?key=one');
    const events = await view('/events');

    expect(edges).toEqual([{ from: 'Work', to: 'Finish', isCatch: false, isTaken: true }]);
    expect(items).toMatchObject([{ id: 'one', state: 'done', starts: 1 }]);
    expect(events.find(({ type }: { type: string }) => type === 'ThingMade').rules).toContain('Made');
    expect(await view('/queues')).toHaveLength(2);
    expect((await view('/tasks'))[0]).toMatchObject({ status: 'STOPPED', exitCode: 0 });
    expect(await view('/tables/nothing')).toMatchObject({
      message: expect.stringContaining('Nothing is called nothing'),
    });
    expect(await view('/chairs')).toMatchObject({ message: expect.stringContaining('there are tables') });
  });

  it('opens nothing outside the logs of known functions and containers', async () => {
    const names = ['..%2F..', '..%2Fdata.sqlite', '%2Fetc%2Fpasswd', '%E0%A4%A'];
    const paths = names.flatMap((name) => ['tasks', 'functions', 'buckets'].map((of) => `/${of}/${name}`));
    const answers = await Promise.all(paths.map((path) => view(path)));

    for (const answer of answers) expect(answer).toEqual({ message: expect.any(String) });
  });

  it('narrows executions down by machine and status, and refuses a limit that is none', async () => {
    const names = async (query: string) => (await view(`/executions?${query}`)).map(({ name }: Row) => name);

    expect(await names('status=succeeded')).toEqual(['one']);
    expect(await names('status=FAILED')).toEqual([]);
    expect(await names('machine=no-such-machine')).toEqual([]);
    expect(await view('/executions?limit=0')).toMatchObject({ message: expect.stringContaining('limit 0') });
  });

  it('counts invocations, and lists what is still to be delivered', async () => {
    const functions = await view('/functions');

    expect(functions.some(({ invocations }: Row) => (invocations as number) > 0)).toBe(true);
    expect(await view('/deliveries')).toEqual([]);
  });

  it('sets the clock ahead, never back, and says what is no length of time', async () => {
    const post = async (by: string) =>
      (
        await fetch(`${host.aws}/_local/clock/forward`, { method: 'POST', body: new URLSearchParams({ by }) })
      ).json();
    const before = Date.parse((await view('/clock')).now);
    const { now } = await post('2h30m');

    expect(Date.parse(now) - before).toBeGreaterThanOrEqual(9_000_000);
    expect(await post('-1h')).toMatchObject({ message: expect.stringContaining('no length of time') });
  });

  it('answers nobody who comes by another name, and no other page that posts', async () => {
    const named = await new Promise((resolve) => {
      request(`${host.aws}/_local/`, { headers: { host: 'evil.example' } }, ({ statusCode }) =>
        resolve(statusCode),
      ).end();
    });
    const post = async (headers: Record<string, string>) =>
      (await fetch(`${host.aws}/_local/clock/forward`, { method: 'POST', body: 'by=1h', headers })).status;

    expect(named).toBe(403);
    expect(await post({ origin: 'https://evil.example' })).toBe(403);
    expect(await post({ origin: 'null' })).toBe(403);
    expect(await post({ 'sec-fetch-site': 'cross-site' })).toBe(403);
  });

  it('is the same on the command line, for people and for programs', async () => {
    const run = (...args: string[]) =>
      promisify(execFile)(process.execPath, ['bin/cli.ts', ...args], {
        env: { ...process.env, NO_COLOR: '1', SIGNALBOX_AWS_URL: host.aws },
      });
    const [{ stdout: text }, { stdout: json }] = await Promise.all([
      run('local', 'executions', 'one'),
      run('--json', 'local', 'tables', 'things'),
    ]);
    const wrong = await run('local', 'executions', 'two').catch((error) => error);

    expect(text).toContain('✓ Work Task → Finish');
    expect(JSON.parse(json)).toMatchObject([{ id: 'one' }]);
    expect(wrong).toMatchObject({ code: 4, stderr: expect.stringContaining('There is no execution two') });
  });
});

describe('the graph', () => {
  const places = ['a', 'b', 'c', 'd'].map((name) => ({
    name,
    type: 'Task',
    status: 'done' as const,
    entered: 1,
    retried: 0,
  }));
  const edge = (from: string, to: string) => ({ from, to, isCatch: false, isTaken: true });

  it('gives every state a place of its own, loops included', () => {
    const { markup } = graph({
      places,
      start: 'a',
      edges: [edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd'), edge('d', 'a')],
    });
    const corners = [...markup.matchAll(/<rect x="([\d.]+)" y="([\d.]+)"/g)].map(([, x, y]) => `${x} ${y}`);

    expect(new Set(corners).size).toBe(4);
    expect(markup.match(/class="taken"/g)).toHaveLength(5);
  });

  it('escapes names', () => {
    const { markup } = graph({ places: [{ ...places[0], name: '<b>&' } as never], start: '<b>&', edges: [] });

    expect(markup).not.toContain('<b>');
  });
});

describe('in a browser', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium
      .launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
      .catch(() => undefined);
  });
  afterAll(() => browser?.close());

  it('leads from the overview to the picture of an execution, without a script', async (context) => {
    if (!browser && process.env.SIGNALBOX_BROWSER !== 'required') return context.skip();
    const page = await (browser as Browser).newPage({ javaScriptEnabled: false });
    await page.goto(`${host.aws}/_local/`);
    for (const view of await page.locator('nav a').all()) {
      const href = `${host.aws}${await view.getAttribute('href')}`;
      expect((await fetch(href, { headers: { accept: 'text/html' } })).status, href).toBe(200);
    }
    await page.getByRole('link', { name: 'executions' }).first().click();
    await page.locator('tbody a').first().click();

    expect(await page.getByRole('img', { name: 'State graph' }).isVisible()).toBe(true);
    expect(await page.locator('svg g.done').count()).toBe(2);
  });

  it('has no link that leads nowhere, and no page wider than a phone', async (context) => {
    if (!browser && process.env.SIGNALBOX_BROWSER !== 'required') return context.skip();
    const page = await (browser as Browser).newPage({
      javaScriptEnabled: false,
      viewport: { width: 375, height: 700 },
    });
    const seen = new Set(['/_local/']);
    for (const path of seen) {
      const answer = await page.goto(`${host.aws}${path}`);
      expect(answer?.status(), path).toBe(200);
      const widest = await page.locator('main').evaluate(({ scrollWidth }) => scrollWidth);
      expect(widest, path).toBeLessThanOrEqual(375);
      for (const link of await page.locator('main a[href^="/_local/"]').all())
        seen.add((await link.getAttribute('href')) as string);
    }
    expect(seen.size).toBeGreaterThan(15);
  });
});
