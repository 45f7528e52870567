import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listen, urlOf } from '#local/ports.ts';
import { start } from '#local/start.ts';
import { synthesised } from './support/host.ts';

it('says whose port is taken', async () => {
  const first = await listen('product', 0);

  await expect(listen('forge', first.port)).rejects.toThrow(
    `Port ${first.port}, meant for the forge, is taken`,
  );
  await first.close();
});

it('keeps requests waiting until somebody answers', async () => {
  const door = await listen('product', 0);
  const reply = fetch(urlOf('product', door.port));
  await new Promise((resolve) => setTimeout(resolve, 50));
  door.answer((_, response) => void response.end('now'));

  expect(await (await reply).text()).toBe('now');
  await door.close();
});

it('gives everything back when it cannot start, so that the next start can', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'start-'));
  const assembly = await synthesised();
  const options = { root: folder, folder, assembly, ports: { product: 0, aws: 0, mailbox: 0 } };

  await expect(start({ ...options, parameters: () => ({ Nobody: 'x' }) })).rejects.toThrow('Nobody');
  const local = await start(options);
  await local.store.transaction(() => {});
  await local.stop();
  const fresh = await start({ ...options, fresh: true });
  expect(fresh.store.sql('SELECT count(*) AS n FROM ecs_task').get()).toEqual({ n: 0 });
  await fresh.stop();
});
