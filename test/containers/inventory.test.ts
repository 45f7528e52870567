import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Inventory, texts } from '#core/taps/inventory.ts';
import { collectionOf } from '#core/taps/postman/collection.ts';
import { postmanErrors } from '../support/postman.ts';
import { PROJECTS, writeProject } from '../taps/projects.ts';
import { project, read, readFrom, STYLES } from './taps-in-styles.ts';

/** Per stream: name, address, path, as far as they are known. */
const endpoints = ({ streams }: Inventory) =>
  streams.map(({ name, urlBase, path }) => [texts(name)[0], texts(urlBase), texts(path)]);
const stream = ({ streams }: Inventory, name: string) => {
  const found = streams.find((one) => texts(one.name)[0] === name);
  if (!found) throw new Error(`There is no stream ${name}`);
  return found;
};

let found: Record<keyof typeof STYLES, Inventory>;
let sdk: Inventory;
beforeAll(async () => {
  const each = Object.entries(STYLES).map(async ([style, files]) => [style, await read(files)]);
  found = Object.fromEntries(await Promise.all(each));
  sdk = found.sdk;
}, 60_000);

describe('the inventory of a tap', () => {
  it('reads classes of an SDK through their bases, properties and conditions', () => {
    const bases = ['https://sandbox.shop.example/v1', 'https://api.shop.example/v1'];
    expect(endpoints(sdk)).toEqual([
      ['users', bases, ['/users']],
      ['orders', bases, ['/users/{user_id}/orders']],
      ['invoices', bases, ['/invoices']],
      ['hidden', bases, ['/hidden']],
    ]);
    expect(sdk).toMatchObject({ tap: { name: 'tap-shop' }, discovery: { kind: 'static' }, failed: [] });
  });

  it('says where each attribute is said, and how sure it is', () => {
    expect(stream(sdk, 'users').path).toMatchObject({ at: 'tap_shop/streams.py:7', confidence: 'high' });
    expect(stream(sdk, 'users').urlBase).toMatchObject({ at: 'tap_shop/client.py:12', confidence: 'medium' });
  });

  it('tells streams that the tap offers from classes that it leaves out, and drops those between', () => {
    const { streams } = sdk;

    expect(streams.map((one) => [one.class, one.inUse])).toEqual([
      ['UsersStream', true],
      ['OrdersStream', true],
      ['InvoicesStream', true],
      ['HiddenStream', false],
    ]);
  });

  it('reads parameters, headers, bodies, authenticators and what a parent hands on', () => {
    const orders = stream(sdk, 'orders');

    expect(orders.parameters.map(({ name }) => name)).toEqual(['limit', 'page', 'expand']);
    expect(orders.headers.map(({ name }) => name)).toEqual(['Accept', 'User-Agent']);
    expect(orders.body.map(({ name }) => name)).toEqual(['status', 'cursor']);
    expect(orders.auth.map(({ kind }) => kind)).toEqual(['apikey', 'bearer']);
    expect(orders.parent).toMatchObject({ class: 'UsersStream' });
    expect(stream(sdk, 'users').context).toEqual({ user_id: 'id' });
    expect(stream(sdk, 'users').schema).toMatchObject({ from: 'code', properties: ['id', 'updated_at'] });
  });

  it('reads annotations, cached properties, texts that are put together, and lists that grow', () => {
    const { modern } = found;

    expect(endpoints(modern)).toEqual([
      ['tickets', ['https://{subdomain}.desk.example/api'], ['/tickets']],
      ['versioned', ['https://{subdomain}.desk.example/api'], ['/v2/things', '/v1/things']],
    ]);
    expect(stream(modern, 'tickets')).toMatchObject({
      inUse: true,
      auth: [{ kind: 'basic' }],
      pagination: { by: 'singer_sdk.pagination.PageNumberPaginator' },
      schema: { from: 'file' },
    });
  });

  it.each([
    ['graphql', [['issues', ['https://graph.example/graphql'], []]]],
    [
      'loop',
      [
        ['deals', ['https://crm.example/v1/'], ['/deals']],
        ['people', ['https://crm.example/v1/'], ['/people']],
      ],
    ],
    [
      'toml',
      [
        ['applications', ['https://green.example'], ['/v1/applications']],
        ['jobs', ['https://green.example'], ['/v1/jobs']],
      ],
    ],
    [
      'plain',
      [
        ['lists', ['https://plain.example/api/2'], ['lists']],
        ['members', ['https://plain.example/api/2'], ['lists/{list_id}/members']],
      ],
    ],
    [
      'nested',
      [
        ['accounts', ['https://nested.example'], ['accounts']],
        ['users', ['https://nested.example'], ['accounts/{account_id}/users']],
      ],
    ],
  ] as const)('reads endpoints in the style %s', (style, expected) => {
    expect(endpoints(found[style])).toEqual(expected);
  });

  it.each(Object.keys(STYLES) as (keyof typeof STYLES)[])(
    'in the style %s becomes a collection by the official schema',
    (style) => {
      const made = JSON.parse(JSON.stringify(collectionOf(found[style], `tap-${style}`)));

      expect(postmanErrors(made)).toEqual([]);
      expect(made.item.length).toBeGreaterThan(0);
    },
  );

  it.runIf(process.env.SIGNALBOX_FULL)(
    'of every project made to fail becomes one too, the same bytes when it is read again',
    async () => {
      for (const [name, { kind }] of Object.entries(PROJECTS)) {
        const place = await writeProject(name, project({}));
        const [one, other] = await Promise.all([readFrom(place), readFrom(place)]);
        const made = collectionOf(one, name);

        expect(postmanErrors(JSON.parse(JSON.stringify(made))), name).toEqual([]);
        expect(JSON.stringify(collectionOf(other, name)), name).toBe(JSON.stringify(made));
        expect(one.streams.length > 0, name).toBe(kind === 'tap');
      }
    },
    600_000,
  );

  it('guesses from requests when there is nothing else, and says that it guesses', () => {
    const { functions } = found;

    expect(endpoints(functions)).toEqual([
      ['invoices', ['https://old.example/v3'], ['https://old.example/v3/invoices']],
      ['clients', ['https://old.example/v3'], ['https://old.example/v3/accounts/{account}/clients']],
    ]);
    expect(functions.streams.map(({ path }) => path?.confidence)).toEqual(['low', 'low']);
  });

  it('knows a GraphQL stream by its query', () => {
    const { graphql } = found;

    expect(stream(graphql, 'issues').isGraphql).toBe(true);
    expect(texts(stream(graphql, 'issues').query)[0]).toContain('issues(after: $after)');
  });

  it.each([
    ['static', 'return [Users(self)]'],
    ['dynamic', 'return [Users(self, schema=requests.get("https://x.example/fields").json())]'],
    ['inferred', 'return [Users(self, schema=infer_schema(self.sample()))]'],
  ])('knows a %s catalog by what discovery does', async (kind, body) => {
    const found = await read({
      'tap_kind/tap.py': `
import requests
from singer_sdk import RESTStream, Tap
class Users(RESTStream):
    name = "users"
    path = "/users"
class TapKind(Tap):
    name = "tap-kind"
    def discover_streams(self):
        ${body}
`,
    });

    expect(found.discovery.kind).toBe(kind);
    expect(found.discovery.at).toBe(kind === 'static' ? undefined : 'tap_kind/tap.py:10');
  });
});

describe('hostile code', () => {
  it('is never imported or run', async () => {
    const folder = project({});
    const trap = `open(${JSON.stringify(`${folder}/ran`)}, "w").close()\n`;
    await read({
      'tap_x/__init__.py': trap,
      'setup.py': trap,
      'sitecustomize.py': trap,
      'conftest.py': trap,
    });

    expect(existsSync(`${folder}/ran`)).toBe(false);
  });

  const ODD: Record<string, string | Buffer> = {
    brackets: `x = ${'['.repeat(5_000)}`,
    nested: `x = ${'('.repeat(150)}1${')'.repeat(150)}`,
    signs: `x = ${'-'.repeat(200_000)}1`,
    sum: `x = ${'1+'.repeat(100_000)}1`,
    old: 'print "hello"\nexec "x" in y\n',
    zeros: Buffer.from([120, 0, 61, 49]),
    encoding: '# -*- coding: nonsense -*-\nx = 1\n',
    huge: `x = "${'a'.repeat(2_000_000)}"`,
    circles: 'A = B\nB = A\nclass S(S): name = A\ndef f(): return g()\ndef g(): return f()\nBASE_URL = f()\n',
    doubles: `V0 = "https://x"\n${Array.from({ length: 60 }, (_, i) => `V${i + 1} = V${i} + V${i}`).join('\n')}\n`,
    broken: 'def f(:\n',
  };

  it('hides nothing of the rest, and is named with the reason where it cannot be read', async () => {
    const odd = Object.entries(ODD).map(([name, text]) => [`tap_graph/${name}.py`, text] as const);
    const found = await read({ ...STYLES.graphql, ...Object.fromEntries(odd) });

    expect(endpoints(found)).toEqual([['issues', ['https://graph.example/graphql'], []]]);
    const failed = new Map(found.failed.map(({ file, reason }) => [file, reason]));
    expect(failed.get('tap_graph/broken.py')).toBe('SyntaxError: invalid syntax, line 1');
    expect(failed.get('tap_graph/huge.py')).toBe('larger than 1000000 bytes');
    for (const name of ['brackets', 'signs', 'old', 'zeros', 'encoding'])
      expect([...failed.keys()]).toContain(`tap_graph/${name}.py`);
  });
});
