import { oneLine } from '../tickets/text.ts';
import { visible } from '../visible.ts';
import { type Inventory, type InventoryStream, texts } from './inventory.ts';
import { wholeOf } from './postman/address.ts';

/** By stream, what its code says it reads, and where it says so: for whoever has to mend it. */
export function endpointsOf({ streams }: Pick<Inventory, 'streams'>): Record<string, string> {
  const told = streams.flatMap((stream) =>
    texts(stream.name).map((name) => [name, sentence(stream)] as const),
  );
  return Object.fromEntries(told.filter(([, said]) => said));
}

function sentence(stream: InventoryStream): string {
  const { path, url, urlBase, method, at, schema } = stream;
  const address = wholeOf(stream) ?? [texts(urlBase)[0] ?? '', texts(path)[0] ?? ''].join('');
  const reads = address && `${texts(method)[0] ?? 'GET'} ${address} (${(path ?? url ?? stream).at})`;
  const written = schema?.at && schema.at !== at ? `its schema at ${schema.at}` : '';
  return visible(oneLine([reads, `its stream at ${at}`, written].filter(Boolean).join(', '), 400));
}
