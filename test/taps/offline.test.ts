import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { offlineChecks } from '#containers/tap/offline.ts';
import { environment, interpreterFor } from '#containers/verify/environment.ts';
import { type Bench, bench } from '../../bin/taps/subject.ts';
import { writeProject } from './projects.ts';

const LIMIT = 300_000;

let folder: string;
let made: Bench;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-offline-'));
  made = await bench({ place: await writeProject('01-static', folder), isUnsandboxed: true, hosts: [] });
}, LIMIT);
afterAll(async () => {
  await made.close();
  await rm(folder, { recursive: true, force: true });
}, LIMIT);

async function built(tree: string, label: string) {
  const interpreter = await interpreterFor(made.shop, tree);
  if (typeof interpreter === 'string') throw new Error(interpreter);
  return { tree, label, environment: await environment(made.shop, { tree, name: label, interpreter }) };
}

it('holds a change to a sound catalog, unless it was as unsound before', { timeout: LIMIT }, async () => {
  const broken = await made.shop.workspace.snapshot(await writeProject('03-key-not-in-schema', folder));
  const [sound, unsound] = [await built(made.head, 'sound'), await built(broken, 'unsound')];
  const t5 = async (head: typeof sound, base: typeof sound) =>
    (await offlineChecks(made.shop, 'tap', { head, base })).checks.find(({ id }) => id === 'T5');

  expect(await t5(sound, unsound)).toMatchObject({ verdict: 'PASS' });
  expect(await t5(unsound, sound)).toMatchObject({ verdict: 'FAIL', detail: expect.stringContaining('idn') });
  expect(await t5(unsound, unsound)).toMatchObject({
    verdict: 'SKIP',
    detail: expect.stringContaining('As before the change'),
  });
});
