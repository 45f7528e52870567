import { createHash } from 'node:crypto';
import { type Inventory, type InventoryStream, texts } from '../inventory.ts';
import { type Bases, bases, type Url, urlOf } from './address.ts';
import { type Auth, authOf, bearerIn } from './auth.ts';
import { descriptionOf, summaryOf } from './description.ts';
import { type Blank, blanks, sent } from './words.ts';

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
const SECRET = 'secret; ';
const NOT_OFFERED = 'Not offered by the tap';

interface Body {
  mode: 'raw' | 'graphql';
  [mode: string]: unknown;
}

export interface Item {
  id: string;
  name: string;
  request: {
    method: string;
    header: { key: string; value: string; description?: string; disabled?: boolean }[];
    url: Url;
    auth?: Auth;
    body?: Body;
    description: string;
  };
  response: [];
}

export interface Folder {
  id: string;
  name: string;
  description: string;
  item: (Item | Folder)[];
}

export interface Collection {
  info: { _postman_id: string; name: string; description: string; schema: string };
  item: (Item | Folder)[];
  auth?: Auth;
  variable: { key: string; value: string; type: 'string'; description: string }[];
}

/** A stream of the inventory with a name that no other has. */
interface Named {
  stream: InventoryStream;
  name: string;
  parent?: Named;
}

/** A Postman v2.1 collection of an inventory: the same inventory gives the same bytes, and no credential is in it. */
export function collectionOf(inventory: Inventory, integration: string): Collection {
  const notes = blanks(inventory.config);
  const known = bases(notes);
  const named = namesOf(inventory.streams);
  const auths = new Map(named.map((one) => [one, authOf(one.stream, notes)] as const));
  const common = mostCommon([...auths.values()]);
  const itemFor = (one: Named) => item(one, { integration, known, auth: ownAuth(auths.get(one), common) });
  const offered = named.filter(({ stream }) => stream.inUse !== false);
  const left = named.filter(({ stream }) => stream.inUse === false);
  const items = [
    ...entries(offered, undefined, { integration, itemFor }),
    ...(left.length > 0 ? [folder(integration, NOT_OFFERED, left.map(itemFor))] : []),
  ];
  return {
    info: {
      _postman_id: idOf(integration),
      name: integration,
      description: summaryOf(inventory),
      schema: SCHEMA,
    },
    item: items,
    ...(common && { auth: common }),
    variable: [...notes.all.values()].map(variable),
  };
}

/** A variable as a collection may have it: its format knows no secret ones, so those have no value here and say so. */
function variable({ key, value, isSecret, description }: Blank): Collection['variable'][number] {
  const told = isSecret ? `${SECRET}${description || 'fill it in'}` : description;
  return { key, value, type: 'string', description: told };
}

/** The variables of a collection as an environment, whose format has a type for secrets. */
export function environmentOf({ info, variable }: Collection) {
  return {
    id: idOf(info._postman_id, 'environment'),
    name: info.name,
    values: variable.map(({ key, value, description }) => ({
      key,
      value,
      type: description.startsWith(SECRET) ? 'secret' : 'default',
      enabled: true,
    })),
    _postman_variable_scope: 'environment',
  };
}

function namesOf(streams: InventoryStream[]): Named[] {
  const used = new Map<string, number>();
  const named: Named[] = streams.map((stream) => {
    const said = texts(stream.name)[0] || stream.class || 'unnamed';
    const times = (used.get(said) ?? 0) + 1;
    used.set(said, times);
    return { stream, name: times > 1 ? `${said} (${times})` : said };
  });
  for (const one of named) {
    const parent = one.stream.parent;
    const found = named.find(
      ({ stream, name }) => parent && (parent.class ? stream.class === parent.class : name === parent.stream),
    );
    if (found && !isBelow(found, one)) one.parent = found;
  }
  return named;
}

/** Whether a stream is below another, or is it. */
function isBelow(one: Named | undefined, other: Named): boolean {
  return one !== undefined && (one === other || isBelow(one.parent, other));
}

interface Making {
  integration: string;
  itemFor(one: Named): Item;
}

/** Streams below a parent, or without one: those that have children as a folder with them in it. */
function entries(all: Named[], parent: Named | undefined, making: Making): (Item | Folder)[] {
  const isHere = (one: Named) => (parent ? one.parent === parent : !one.parent || !all.includes(one.parent));
  return all.filter(isHere).map((one) => {
    const below = entries(all, one, making);
    const own = making.itemFor(one);
    return below.length > 0 ? folder(making.integration, one.name, [own, ...below]) : own;
  });
}

function folder(integration: string, name: string, item: (Item | Folder)[]): Folder {
  const description =
    name === NOT_OFFERED
      ? 'Classes that the tap has and does not use.'
      : `${name}, and what is read for each of them.`;
  return { id: idOf(integration, 'folder', name), name, description, item };
}

function item(
  { stream, name, parent }: Named,
  { integration, known, auth }: { integration: string; known: Bases; auth: Auth | undefined },
): Item {
  const above = parent && { name: parent.name, context: parent.stream.context };
  const body = bodyOf(stream, known);
  return {
    id: idOf(integration, 'stream', name),
    name,
    request: {
      method: texts(stream.method)[0]?.toUpperCase() || (body ? 'POST' : 'GET'),
      header: headersOf(stream, known),
      url: urlOf(stream, above, known),
      ...(auth && { auth }),
      ...(body && { body }),
      description: descriptionOf(stream),
    },
    response: [],
  };
}

function headersOf(stream: InventoryStream, { notes }: Bases): Item['request']['header'] {
  const own = bearerIn(stream)
    ? stream.headers.filter(({ name }) => !/^authorization$/i.test(name))
    : stream.headers;
  return own.map((one) => {
    const value = sent(one, notes);
    if (value !== undefined) return { key: one.name, value: String(value) };
    return { key: one.name, value: '', disabled: true, description: `set by code at ${one.value.at}` };
  });
}

function bodyOf({ isGraphql, query, body }: InventoryStream, { notes }: Bases): Body | undefined {
  if (isGraphql) return { mode: 'graphql', graphql: { query: texts(query)[0] ?? '', variables: '' } };
  if (body.length === 0) return undefined;
  const fields = body.map((one) => [one.name, sent(one, notes) ?? null]);
  return {
    mode: 'raw',
    raw: JSON.stringify(Object.fromEntries(fields), null, 2),
    options: { raw: { language: 'json' } },
  };
}

/** Nothing where the collection's own is meant. */
function ownAuth(auth: Auth | undefined, common: Auth | undefined): Auth | undefined {
  if (JSON.stringify(auth) === JSON.stringify(common)) return undefined;
  return auth ?? { type: 'noauth' };
}

function mostCommon(auths: (Auth | undefined)[]): Auth | undefined {
  const counts = Map.groupBy(auths, (auth) => JSON.stringify(auth));
  return [...counts.values()].sort((a, b) => b.length - a.length)[0]?.[0];
}

/** A UUID that is always the same for the same words. */
function idOf(...words: string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(words)).digest('hex');
  return hash.slice(0, 32).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-5$3-8$4-$5');
}
