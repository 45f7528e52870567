import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '#containers/command.ts';
import { inventoryOf } from '#containers/inventory.ts';
import { ownInterpreters } from '#containers/lend.ts';
import { Fault } from '#core/fault.ts';
import type { Inventory } from '#core/taps/inventory.ts';
import { CommandError, EXIT } from '../terminal.ts';

/** The inventory of a folder on this machine: parsed, never imported or run. */
export async function inventoryAt(path: string): Promise<Inventory> {
  if (!(await stat(path).catch(() => undefined))?.isDirectory())
    throw new CommandError(`${path} is not a folder`, EXIT.notFound);
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-inventory-'));
  const environment = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? folder };
  try {
    return await inventoryOf(
      {
        folder,
        hands: { run: (command) => run(command, environment), own: async () => {} },
        interpreters: ownInterpreters(),
      },
      path,
    );
  } catch (error) {
    throw error instanceof Fault ? new CommandError(error.message) : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
