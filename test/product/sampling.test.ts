import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Project } from '#core/projects/project.ts';
import type { Keys } from '../../bin/demo/keys.ts';
import { type Tables, tablesAt } from '../support/aws-client.ts';
import { type RunningProduct, session, startedProduct } from '../support/product.ts';
import { writeProject } from '../taps/projects.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const TAP = 'acme/tap-orders';
const SECRET = 'signalbox/credentials/demo/orders/shop';
const FIRST = 'first-refresh-token-of-orders';

describe('the weekly check of a tap with a config', { timeout: 120_000 }, () => {
  let product: RunningProduct;
  let tables: Tables;
  let env: NodeJS.ProcessEnv;
  /** The tap's API: its rows, and the refresh token that it takes next. */
  let api: string;
  let folder: string;

  beforeAll(async () => {
    product = await startedProduct('--no-demo');
    tables = tablesAt(product.aws);
    const token = await session(product, 'lead@demo.example');
    env = { ...process.env, SIGNALBOX_URL: product.dashboard, SIGNALBOX_TOKEN: token, NO_COLOR: '1' };
    folder = mkdtempSync(join(tmpdir(), 'signalbox-api-'));
    chmodSync(folder, 0o777);
    api = join(folder, 'api.json');
    writeFileSync(api, JSON.stringify({ token: FIRST, count: 1, rows: rowsOf((row) => row) }));
    chmodSync(api, 0o666);
    await push();
    await register('shop');
  }, 60_000);

  afterAll(async () => {
    tables?.close();
    await product?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The command line, as a lead has it. */
  async function cli(...args: string[]): Promise<string> {
    return (await run(process.execPath, [join(root, 'bin/cli.ts'), '--json', ...args], { env })).stdout;
  }

  async function register(credentials: string): Promise<void> {
    const told = ['--package', 'tap-orders', '--tenant', 'orders', '--credentials', credentials];
    const url = `${product.forge}/${TAP}.git`;
    await cli('integrations', 'add', url, '--project', 'tap-orders', ...told, '--discovery', 'static');
  }

  function rowsOf(change: (row: Record<string, unknown>) => object): object[] {
    const ids = Array.from({ length: 12 }, (_, id) => id + 1);
    return ids.map((id) => change({ id, name: `Ada ${id}`, updated_at: '2026-01-01T00:00:00Z' }));
  }

  function changeApi(change: object): void {
    writeFileSync(api, JSON.stringify({ ...JSON.parse(readFileSync(api, 'utf8')), ...change }));
  }

  /** Has the repository hold the tap of this test. */
  async function push(): Promise<void> {
    const { forgeToken }: Keys = JSON.parse(readFileSync(product.webhookSecrets, 'utf8'));
    const place = await writeProject('01-static', folder);
    cpSync(join(import.meta.dirname, 'fixtures/tap_own.py'), join(place, 'tap_own.py'));
    rmSync(join(place, 'config.json'));
    const git = (...args: string[]) =>
      run('git', ['-c', 'user.name=Rosa', '-c', 'user.email=rosa@demo.example', ...args], { cwd: place });
    await git('init', '-q');
    await git('add', '-A');
    await git('commit', '-qm', 'the tap of this test');
    const url = product.forge.replace('://', `://x-access-token:${forgeToken}@`);
    await git('push', '-qf', `${url}/${TAP}.git`, 'HEAD:main');
  }

  async function putConfig(config: object): Promise<void> {
    const file = join(folder, 'config.json');
    writeFileSync(file, JSON.stringify({ api_folder: folder, ...config }), { mode: 0o600 });
    expect(await cli('integrations', 'credentials', 'put', TAP, '--file', file)).not.toContain('token-of');
  }

  async function config(): Promise<Record<string, unknown>> {
    const secrets = new SecretsManagerClient(clientAt(product.aws));
    const { SecretString = '{}' } = await secrets.send(new GetSecretValueCommand({ SecretId: SECRET }));
    secrets.destroy();
    return JSON.parse(SecretString);
  }

  /** What a check came to that a lead asked for. */
  async function check() {
    const { check: id } = JSON.parse(await cli('drift', 'run', TAP));
    const last = async () =>
      (await tables.rows('Checks')).find(({ pk, check }) => pk === `demo#${TAP}` && check === id);
    await expect.poll(last, { timeout: 90_000, interval: 200 }).toBeDefined();
    return (await last()) ?? {};
  }

  const rules = ({ changes }: Record<string, unknown>) =>
    (changes as { rule: string; cause: string }[]).map(({ rule, cause }) => `${rule} ${cause}`);

  it('begins with a sample, and keeps the token that this rotates', async () => {
    await putConfig({ refresh_token: FIRST });
    expect(await check()).toMatchObject({ state: 'first' });
    expect((await config()).refresh_token).toMatch(/^rotated-1-/);
  });

  it('files a drift of the API that no catalog shows, without a secret, and goes on from the token before', async () => {
    changeApi({ rows: rowsOf(({ id, ...row }) => ({ ...row, id: `no-${id}`, nick: 'A' })) });
    const found = await check();

    expect(found.state).toBe('drift');
    expect((await config()).refresh_token).toMatch(/^rotated-2-/);
    expect(rules(found)).toEqual(['RECORD_TYPE_VIOLATION api', 'UNDECLARED_FIELD_SEEN api']);
    const ticket = (await tables.rows('Tickets')).find(({ id }) => id === found.ticketId);
    expect(ticket?.body).toContain('API drift: our side is as it was');
    expect(ticket?.body).toMatch(/breaking, RECORD_TYPE_VIOLATION: people\.id: .* and is string/);
    const kept = JSON.stringify([ticket, found]) + filesOf(product.folder);
    expect(kept).toMatch(/"undeclared": \[\s*"nick"/);
    expect(kept).not.toMatch(/token-of-orders|"no-3"/);
  });

  it('is inconclusive when the API lets nobody in, and takes nothing for gone', async () => {
    changeApi({ token: 'another-token-altogether', rows: rowsOf((row) => row) });
    const { state, reason, changes } = await check();

    expect({ state, changes }).toEqual({ state: 'inconclusive', changes: [] });
    expect(reason).toMatch(/^AUTH, http-401/);
  });

  it('tells what another config changes from what the API does', async () => {
    await putConfig({ refresh_token: 'another-token-altogether', with_notes: true });
    const found = await check();

    expect(rules(found)).toEqual(['PROPERTY_ADDED configuration']);
    expect(JSON.stringify(await tables.rows('Tickets'))).toContain('Drift by configuration');
  });

  it('does not call an API unchanged that it could not ask', {
    skip: !process.env.SIGNALBOX_FULL,
  }, async () => {
    await register('not-there');
    const { state, reason } = await check();

    expect(state).toBe('inconclusive');
    expect(reason).toContain('integrations credentials put');
  });

  it('is stopped with the integration, and the rest of the repository stays', async () => {
    await cli('integrations', 'remove', TAP);
    await cli('projects', 'add', 'tap-orders', `${product.forge}/${TAP}.git`, '--trusted');
    const projects: Project[] = JSON.parse(await cli('projects', 'list'));

    expect(projects.find(({ id }) => id === 'tap-orders')?.repositories).toMatchObject([
      { fullName: TAP, discovery: 'static', weekly: false },
    ]);
  });
});

/** What is kept outside the database: logs of tasks and objects of buckets. */
function filesOf(folder: string): string {
  const files = globSync([`${folder}/s3/*`, `${folder}/**/*.log`]).filter((file) => statSync(file).isFile());
  return files.map((file) => readFileSync(file, 'latin1')).join('\n');
}

function clientAt(endpoint: string) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { endpoint, region: 'us-east-1', credentials };
}
