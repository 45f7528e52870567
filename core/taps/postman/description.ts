import type { Attribute, Inventory, InventoryStream } from '../inventory.ts';
import { wholeOf } from './address.ts';
import { quoted } from './words.ts';

/** What a reader of the request should know: where the code says it, how sure that is, and what could not be read. */
export function descriptionOf(stream: InventoryStream): string {
  const { class: name, at, inUse, schema, pagination } = stream;
  const facts = [
    `${name ?? STYLES[stream.style]} at ${at}.`,
    inUse === false && 'The tap does not offer this stream.',
    list('Keys', stream.primaryKeys),
    list('Replication key', stream.replicationKey),
    list('Records', stream.recordsPath),
    pagination && `Pages: ${pagination.by} (${pagination.at}).`,
    stream.auth.length > 1 && `Signs in by one of: ${stream.auth.map((one) => one.class).join(', ')}.`,
    stream.style === 'function' && 'Guessed from a request in a function: check it.',
    schema && schema.properties.length > 0 && `Fields: ${schema.properties.join(', ')}.`,
  ].filter((fact) => typeof fact === 'string');
  const unread = unreadOf(stream);
  return [facts.join('\n'), ...(unread.length > 0 ? [['Not certain:', ...unread].join('\n- ')] : [])].join(
    '\n\n',
  );
}

const STYLES = {
  sdk: 'A class',
  'singer-python': 'A class',
  table: 'A row of a table',
  function: 'A request in a function',
};

function list(title: string, attribute: Attribute | undefined): string | undefined {
  if (attribute?.kind !== 'value') return undefined;
  const values = Array.isArray(attribute.value) ? attribute.value : [attribute.value];
  return values.length > 0 ? `${title}: ${values.join(', ')} (${attribute.at}).` : undefined;
}

/** Each attribute that is not certain, with what the code has in its place. */
export function unreadOf(stream: InventoryStream): string[] {
  const named = [
    ['name', stream.name, true],
    ['address', stream.urlBase ?? stream.url, wholeOf(stream) === undefined],
    ['path', stream.path ?? stream.url, !stream.isGraphql],
    ['method', stream.method, false],
    ['query', stream.query, stream.isGraphql],
  ] as const;
  return named.flatMap(([what, attribute, isNeeded]) => {
    if (!attribute) return isNeeded ? `${what} could not be read: the code does not say it` : [];
    return gaps(what, attribute);
  });
}

function gaps(what: string, attribute: Attribute): string[] {
  if (attribute.kind === 'dynamic')
    return [`${what} could not be read: ${quoted(attribute)} at ${attribute.at}`];
  if (attribute.kind !== 'candidates')
    return attribute.confidence === 'low' ? [`${what} is a guess from ${attribute.at}`] : [];
  const options = attribute.candidates.map((one) =>
    one.kind === 'value' ? String(one.value) : one.kind === 'template' ? one.template : quoted(one),
  );
  return [`${what} is one of ${options.join(', ')}, decided at ${attribute.at}`];
}

/** What the whole collection was made from, and the files that were left out. */
export function summaryOf({ streams, files, failed, discovery }: Inventory): string {
  const gapped = streams.filter((stream) => unreadOf(stream).length > 0).length;
  const facts = [
    `Made from the code of the integration, which was read and not run: ${streams.length} streams in ${files} Python files.`,
    `The catalog is ${discovery.kind}: ${discovery.reason}${discovery.at ? ` (${discovery.at})` : ''}.`,
    gapped > 0 &&
      `${gapped} streams have something that is not certain or could not be read; each says what.`,
  ].filter((fact) => typeof fact === 'string');
  const left = failed.map(({ file, reason }) => `\n- ${file}: ${reason}`).join('');
  return facts.join('\n') + (left && `\n\nNot read:${left}`);
}
