import { type InventoryStream, texts, variables } from '../inventory.ts';
import { type Blanks, filled, gapsOf, origin, sent } from './words.ts';

export interface Query {
  key: string;
  value: string | null;
  disabled?: boolean;
  description?: string;
}

export interface Url {
  raw: string;
  host: string[];
  path: string[];
  query: Query[];
  variable: { key: string; value: string; description: string }[];
}

/** The stream that a stream's requests take values from, with the fields that it hands on. */
export interface Parent {
  name: string;
  context: Record<string, string>;
}

/** The address that a stream reads, as Postman writes it: base as a variable, `:x` for what a parent or the configuration fills in. */
export function urlOf(stream: InventoryStream, parent: Parent | undefined, bases: Bases): Url {
  const { base, path, query } = parts(stream);
  const known = [...variables(stream.path), ...variables(stream.url)];
  const gap = (name: string) => ({
    key: name,
    value: '',
    description: parent ? handed(name, parent) : origin(known.find((one) => one.name === name)).description,
  });
  const segments = path.split('/').filter(Boolean);
  const written = segments.map((segment) => {
    const [name, ...more] = gapsOf(segment);
    return name && more.length === 0 && segment === `{${name}}`
      ? `:${name}`
      : filled(segment, stream.path, bases.notes);
  });
  const names = written.filter((segment) => segment.startsWith(':')).map((segment) => segment.slice(1));
  const host = bases.use(base, stream);
  const parameters = [...fromText(query, stream, bases.notes), ...parametersOf(stream, bases.notes)];
  const sends = parameters.filter(({ disabled }) => !disabled);
  const search = sends.map(({ key, value }) => `${key}=${value ?? ''}`).join('&');
  return {
    raw: [host, ...written].join('/') + (search && `?${search}`),
    host: [host],
    path: written,
    query: parameters,
    variable: [...new Set(names)].map(gap),
  };
}

function handed(name: string, { name: from, context }: Parent): string {
  const field = context[name];
  return field ? `from stream ${from}.${field}` : `from stream ${from}, or from the tap's configuration`;
}

/** An address in its three parts: one that the path gives in full comes before the base. */
function parts(stream: InventoryStream): { base: string | undefined; path: string; query: string } {
  const base = productive(texts(stream.urlBase));
  const whole = wholeOf(stream);
  const root = whole && (base && whole.startsWith(base) ? base : WHOLE.exec(whole)?.[0]);
  const rest = whole ? whole.slice(root?.length ?? 0) : (texts(stream.path)[0] ?? '');
  const [path = '', query = ''] = rest.split('#')[0]?.split('?') ?? [];
  return { base: root || base, path, query };
}

/** Of several addresses, one that is not for trying things out. */
function productive(addresses: string[]): string | undefined {
  return addresses.find((address) => !/sandbox|staging|\btest\b|\bdev\b/i.test(address)) ?? addresses[0];
}

/** The beginning of an address that needs no base: a host, or a gap that stands for one. */
const WHOLE = /^(https?:\/\/[^/?]*|\{\w*(url|host|base|domain)\w*\}(?=\/))/i;

/** The address where one attribute says all of it. */
export function wholeOf({ path, url }: InventoryStream): string | undefined {
  const [below = ''] = texts(path);
  return WHOLE.test(below) ? below : below ? undefined : texts(url)[0];
}

function fromText(query: string, stream: InventoryStream, notes: Blanks): Query[] {
  return query
    .split('&')
    .filter((pair) => pair && !/^\{\w*\}$/.test(pair))
    .map((pair) => {
      const [key = '', ...value] = pair.split('=');
      return { key, value: filled(value.join('='), stream.path, notes) };
    });
}

/** Parameters that only a run knows are there, switched off: code may leave them out. */
function parametersOf({ parameters }: InventoryStream, notes: Blanks): Query[] {
  return parameters.map((one) => {
    const value = sent(one, notes);
    if (value === undefined)
      return { key: one.name, value: '', disabled: true, description: `set by code at ${one.value.at}` };
    return { key: one.name, value: typeof value === 'string' ? value : JSON.stringify(value) };
  });
}

/** The bases of all streams, each a variable of its own: `base_url`, `base_url_2`. */
export interface Bases {
  notes: Blanks;
  use(base: string | undefined, stream: InventoryStream): string;
}

export function bases(notes: Blanks): Bases {
  const names = new Map<string, string>();
  const fresh = (taken: string[], number = 1): string => {
    const name = number > 1 ? `base_url_${number}` : 'base_url';
    return notes.all.has(name) || taken.includes(name) ? fresh(taken, number + 1) : name;
  };
  const use: Bases['use'] = (base, stream) => {
    const text = base?.replace(/\/+$/, '') ?? '';
    const [gap] = gapsOf(text);
    if (gap && text === `{${gap}}`) return filled(text, stream.urlBase ?? stream.url, notes);
    const name = names.get(text) ?? fresh(gapsOf(text));
    names.set(text, name);
    const others = texts(stream.urlBase).filter((other) => other !== base);
    const place = (stream.urlBase ?? stream.url ?? stream.path ?? stream).at;
    const told = text ? `said at ${place}` : 'could not be read: fill it in';
    const description = others.length > 0 ? `${told}; or ${others.join(', ')}` : told;
    return notes.use({
      key: name,
      value: filled(text, stream.urlBase ?? stream.url ?? stream.path, notes),
      description,
    });
  };
  return { notes, use };
}
