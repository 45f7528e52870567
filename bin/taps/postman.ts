import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Inventory, type InventoryStream, texts } from '#core/taps/inventory.ts';
import { collectionOf, environmentOf } from '#core/taps/postman/collection.ts';
import { unreadOf } from '#core/taps/postman/description.ts';
import { columns } from '../layout.ts';
import { CommandError, terminal } from '../terminal.ts';
import { inventoryAt } from './source.ts';

interface Options {
  out?: string;
  environment?: string;
  name?: string;
}

const HELP = `
The code is parsed by the newest Python on this machine, and never imported or run. Without --out the collection goes to standard
output. The same code gives the same bytes. What could not be read says so in each request's description.
Example:
  npx signalbox taps postman ../tap-shop --out tap-shop.postman_collection.json`;

/** `signalbox taps postman`: the endpoints that a tap's code reads, as a collection to import. */
export function postman(taps: Command): void {
  taps
    .command('postman')
    .description('write a Postman v2.1 collection of what a tap reads')
    .argument('<path>', "the tap's folder")
    .option('--out <file>', 'where to write the collection')
    .option('--environment <file>', 'write its variables too, as an environment in which secrets are secret')
    .option('--name <name>', "the integration's name; the tap's own unless given")
    .addHelpText('after', HELP)
    .action(async (path: string, { out, environment, name }: Options) => {
      const { json } = taps.optsWithGlobals();
      const inventory = await inventoryAt(resolve(path));
      const integration = name ?? inventory.tap?.name ?? basename(resolve(path));
      if (!inventory.tap?.class && /(?:^|-)target-/.test(inventory.tap?.name ?? ''))
        throw new CommandError(`${integration} is a target: a collection is made of what a tap reads`);
      if (inventory.streams.length === 0) throw new CommandError(nothing(path, inventory));
      const collection = collectionOf(inventory, integration);
      if (environment) await write(environment, environmentOf(collection));
      if (!out) return terminal(true).result(collection, () => '');
      await write(out, collection);
      terminal(json).result(summary(inventory, integration, out), () => text(inventory, out));
    });
}

async function write(file: string, value: object): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
  } catch (error) {
    throw new CommandError(`${file} could not be written: ${(error as Error).message}`);
  }
}

function nothing(path: string, { files, failed, discovery }: Inventory): string {
  if (discovery.kind !== 'static')
    return `The streams of ${path} are made while it runs (${discovery.reason}): its code names no endpoint`;
  const unread = failed.map(({ file, reason }) => `\n  ${file}: ${reason}`).join('');
  return `No streams were found in ${files} Python files below ${path}. Is it a tap's folder?${unread && `\nNot read:${unread}`}`;
}

function summary({ streams, failed }: Inventory, integration: string, out: string) {
  const read = streams.map((stream) => ({ stream: nameOf(stream), at: stream.at, unread: unreadOf(stream) }));
  return { integration, out, streams: read, failed };
}

function text({ streams, failed }: Inventory, out: string): string {
  const rows = streams.map((stream) => [
    nameOf(stream),
    texts(stream.path)[0] ?? texts(stream.url)[0] ?? '',
    stream.inUse === false ? 'not offered' : '',
    stream.at,
    unreadOf(stream).join('; '),
  ]);
  const gapped = streams.filter((stream) => unreadOf(stream).length > 0).length;
  const left = failed.map(({ file, reason }) => `Not read: ${file}: ${reason}`);
  const said = `${streams.length} streams to ${out}; ${gapped} have something that is not certain.`;
  return [columns([['STREAM', 'PATH', '', 'AT', 'NOT CERTAIN'], ...rows]), ...left, said].join('\n');
}

function nameOf(stream: InventoryStream): string {
  return texts(stream.name)[0] ?? stream.class ?? 'unnamed';
}
