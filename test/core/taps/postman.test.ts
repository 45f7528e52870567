import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inventory } from '#core/taps/inventory.ts';
import {
  type Collection,
  collectionOf,
  environmentOf,
  type Folder,
  type Item,
} from '#core/taps/postman/collection.ts';
import { hasPostmanSchema, postmanErrors } from '../../support/postman.ts';

const at = 'tap_shop/streams.py:1';
const said = (value: unknown) => ({ kind: 'value' as const, value, at, confidence: 'high' as const });
const templated = (template: string, from = 'config') => ({
  kind: 'template' as const,
  template,
  variables: [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    from,
    key: name,
    expression: name,
  })),
  at,
  confidence: 'high' as const,
});
const unread = (expression: string) => ({
  kind: 'dynamic' as const,
  expression,
  at,
  confidence: 'low' as const,
});

function streamOf(name: string, change: object = {}) {
  const nothing = { headers: [], parameters: [], body: [], auth: [], context: {} };
  return {
    ...nothing,
    name: said(name),
    urlBase: said('https://api.shop.example'),
    path: said(`/${name}`),
    ...{ class: null, at, style: 'sdk', isGraphql: false, pagination: null, parent: null, schema: null },
    ...change,
  };
}

function inventoryWith(streams: object[], change: object = {}): Inventory {
  const tap = { name: 'tap-shop', class: 'TapShop', at };
  const discovery = { kind: 'static', reason: 'it is written down' };
  return Inventory.parse({
    tap,
    discovery,
    config: {},
    streams,
    files: 1,
    failed: [],
    python: '3.13.0',
    ...change,
  });
}

const collection = (...streams: object[]) => collectionOf(inventoryWith(streams), 'tap-shop');
const isItem = (one: Item | Folder): one is Item => 'request' in one;
const only = ({ item: [first] }: Collection): Item => {
  if (!first || !isItem(first)) throw new Error('There is no request');
  return first;
};

describe('a collection', () => {
  it('writes a placeholder as a path variable that says which stream it is from', () => {
    const users = streamOf('users', { class: 'Users', context: { user_id: 'id' } });
    const orders = streamOf('orders', {
      path: said('/users/{user_id}/orders'),
      parent: { class: 'Users', at },
    });

    const [folder] = collection(users, orders).item as [Folder];
    expect(folder.item.map(({ name }) => name)).toEqual(['users', 'orders']);
    expect((folder.item[1] as Item).request.url).toMatchObject({
      raw: '{{base_url}}/users/:user_id/orders',
      variable: [{ key: 'user_id', description: 'from stream users.id' }],
    });
  });

  it('writes what the configuration fills in as a variable with its default', () => {
    const base = templated('https://{subdomain}.shop.example');
    const inventory = inventoryWith([streamOf('users', { urlBase: base })], {
      config: { subdomain: { default: 'acme', isSecret: false } },
    });

    expect(collectionOf(inventory, 'tap-shop').variable).toEqual([
      {
        key: 'subdomain',
        value: 'acme',
        type: 'string',
        description: "from the tap's configuration: subdomain",
      },
      {
        key: 'base_url',
        value: 'https://{{subdomain}}.shop.example',
        type: 'string',
        description: `said at ${at}`,
      },
    ]);
  });

  it.each([
    ['bearer', { token: templated('{access_token}') }, 'access_token'],
    ['apikey', { key: said('X-Key'), value: templated('{shop_key}') }, 'shop_key'],
    ['apikey', { key: said('X-Key'), value: said('sk_live_4242424242424242') }, 'api_key'],
    ['basic', { username: templated('{email}'), password: said('hunter2hunter2') }, 'password'],
  ])('signs in by %s with variables in the place of credentials', (kind, given, variable) => {
    const made = collection(streamOf('users', { auth: [{ kind, class: 'X', given, at }] }));

    expect(made.auth?.type).toBe(kind);
    expect(JSON.stringify(made.auth)).toContain(`{{${variable}}}`);
    expect(JSON.stringify(made)).not.toMatch(/sk_live|hunter2/);
    expect(environmentOf(made).values).toContainEqual({
      key: variable,
      value: '',
      type: 'secret',
      enabled: true,
    });
  });

  it('never holds a credential that the code does', () => {
    const made = collection(
      streamOf('users', {
        urlBase: said('https://user:hunter2@api.shop.example'),
        headers: [{ name: 'X-Api-Key', value: said('0123456789abcdef') }],
        parameters: [{ name: 'access_token', value: said('fedcba9876543210') }],
        path: unread('self.path_for("ghp_0123456789abcdefghijklmnopqrstuvwxyz")'),
      }),
    );

    expect(JSON.stringify(made)).not.toMatch(/hunter2|0123456789abcdef|fedcba9876543210|ghp_/);
  });

  it('marks what could not be read, with the expression and its place', () => {
    const made = only(collection(streamOf('users', { path: unread('self.lookup(self.kind)') })));

    expect(made.request.description).toContain(`path could not be read: \`self.lookup(self.kind)\` at ${at}`);
  });

  it('switches off what only a run knows', () => {
    const parameters = [
      { name: 'limit', value: said(100) },
      { name: 'since', value: unread('self.start()') },
    ];

    const { url } = only(collection(streamOf('users', { parameters }))).request;
    expect(url.raw).toBe('{{base_url}}/users?limit=100');
    expect(url.query[1]).toMatchObject({ key: 'since', disabled: true });
  });

  it('sends a query to GraphQL', () => {
    const query = said('{ issues { id } }');
    const { method, body } = only(collection(streamOf('issues', { isGraphql: true, query }))).request;

    expect([method, body?.mode, body?.graphql]).toEqual([
      'POST',
      'graphql',
      { query: '{ issues { id } }', variables: '' },
    ]);
  });

  it('keeps classes that the tap does not offer apart', () => {
    const made = collection(streamOf('users'), streamOf('hidden', { inUse: false }));

    expect(made.item.map(({ name }) => name)).toEqual(['users', 'Not offered by the tap']);
  });

  it('has ids that stay the same, and no two alike', () => {
    const ids = (made: Collection) => JSON.stringify(made).match(/"id":"[^"]+"/g) ?? [];
    const made = collection(streamOf('users'), streamOf('users'), streamOf('orders'));

    expect(ids(made)).toEqual(ids(collection(streamOf('users'), streamOf('users'), streamOf('orders'))));
    expect(new Set(ids(made)).size).toBe(3);
  });
});

const word = fc.stringMatching(/^[a-z_]{1,8}$/);
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  word,
  fc.webUrl(),
  fc.constantFrom('/a/{b}', '{x}.{y}', '', '/'),
);
const told = fc.oneof(
  text.map(said),
  text.map((one) => templated(one)),
  text.map(unread),
  fc.tuple(text, text).map(([one, other]) => ({
    ...{ kind: 'candidates' as const, candidates: [said(one), unread(other)] },
    ...{ at, confidence: 'medium' as const },
  })),
  fc.jsonValue().map(said),
);
const entries = fc.array(fc.record({ name: text, value: told }), { maxLength: 3 });
const authenticator = fc.record({
  kind: fc.constantFrom('bearer', 'apikey', 'basic', 'oauth1', 'oauth2', 'awsv4', 'unknown'),
  class: text,
  given: fc.dictionary(fc.constantFrom('token', 'key', 'value', 'location', '1', '2'), told),
  at: fc.constant(at),
});
const stream = fc.record({
  ...{
    name: told,
    path: told,
    urlBase: told,
    url: fc.option(told, { nil: undefined }),
    method: told,
    query: told,
  },
  ...{
    headers: entries,
    parameters: entries,
    body: entries,
    auth: fc.array(authenticator, { maxLength: 2 }),
  },
  ...{ class: fc.option(word), at: fc.constant(at), isGraphql: fc.boolean() },
  style: fc.constantFrom('sdk', 'singer-python', 'table', 'function'),
  pagination: fc.option(fc.record({ by: text, at: fc.constant(at) })),
  parent: fc.option(
    fc.record({ class: fc.option(word, { nil: undefined }), stream: text, at: fc.constant(at) }),
  ),
  context: fc.dictionary(word, word, { maxKeys: 2 }),
  schema: fc.constant(null),
  inUse: fc.option(fc.boolean(), { nil: undefined }),
});
const anything = fc.array(stream, { maxLength: 6 }).map((streams) => inventoryWith(streams));

describe('whatever the inventory', () => {
  it('the collection is the same, byte by byte, when it is made again', () => {
    fc.assert(
      fc.property(anything, (inventory) => {
        const bytes = () => JSON.stringify(collectionOf(structuredClone(inventory), 'tap-x'));
        expect(bytes()).toBe(bytes());
      }),
    );
  });

  it('the collection is one by the official schema', () => {
    if (hasPostmanSchema)
      expect(postmanErrors({ info: { name: 'without its schema' }, item: [] })).not.toEqual([]);
    fc.assert(
      fc.property(anything, (inventory) => {
        const made = JSON.parse(JSON.stringify(collectionOf(inventory, 'tap-x')));
        expect(postmanErrors(made)).toEqual([]);
      }),
    );
  });
});
