import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { workspace } from '#adapters/git/workspace.ts';
import { reception } from '#containers/hands/remote.ts';
import { inventoryOf } from '#containers/inventory.ts';
import { verifyIntegration } from '#containers/tap/verify.ts';
import { configOf, writeProject } from './projects.ts';

const MAIN = resolve(import.meta.dirname, '../../containers/hands/main.ts');
const LIMIT = 300_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync('/tmp/signalbox-remote-');
  chmodSync(folder, 0o711);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Hands in a process of their own, as the strict profile has them in a task of their own. */
async function another() {
  const place = await reception({ hosts: [] }, { host: '127.0.0.1', port: 0 });
  const { port, token } = place;
  const brain = { BRAIN_HOST: '127.0.0.1', BRAIN_PORT: String(port), BRAIN_TOKEN: token };
  const env = { PATH: process.env.PATH ?? '', ...brain, FOLDER: folder };
  spawn(process.execPath, [MAIN], { stdio: ['ignore', 'inherit', 'inherit'], env });
  return place.hands();
}

/** At full size one of each kind. */
const CHOSEN = process.env.SIGNALBOX_FULL
  ? ['08-oauth-rotates', '11-sound-target', '12-sound-etl']
  : ['08-oauth-rotates'];

it.each(CHOSEN)(
  'verifies a project whose commands all run elsewhere: %s',
  { timeout: LIMIT },
  async (name) => {
    const place = await writeProject(name, folder);
    const git = await workspace({ folder: join(folder, 'git'), url: place, token: '' });
    const kept: string[] = [];
    const hands = await another();
    const report = await verifyIntegration({
      shop: { workspace: git, hands, folder },
      ...{
        head: await git.snapshot(place),
        called: name,
        reach: () => {},
        startedAt: new Date().toISOString(),
      },
      config: await configOf(place),
      credentials: { version: '1', write: async (text) => `${kept.push(text)}` },
      ...(name.includes('target') && { input: join(place, 'input.singer') }),
    });
    const inventory = await inventoryOf({ hands, folder }, join(folder, 'head', 'repository'));
    await hands.close();

    expect(report.steps.filter(({ verdict }) => verdict === 'FAIL' || verdict === 'INCONCLUSIVE')).toEqual(
      [],
    );
    expect(report.verdict).toBe('verified');
    expect(inventory.files).toBeGreaterThan(0);
    expect(kept.length > 0).toBe(name.startsWith('08'));
  },
);
