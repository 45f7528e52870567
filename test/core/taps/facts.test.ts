import { describe, expect, it } from 'vitest';
import { factsOf, missingSettings, scriptOf, scriptsIn, settingsOf } from '#core/taps/facts.ts';

const facts = (packaging: string, { paths = [] as string[], code = '' } = {}) =>
  factsOf({ paths, packaging, code, sample: '', called: 'folder' });

describe('the commands that a project installs', () => {
  it.each<[where: string, packaging: string]>([
    ['a table of pyproject.toml', '[project.scripts]\ntap-shop = "tap_shop.tap:TapShop.cli"\n'],
    ['a dotted key of pyproject.toml', '[project]\nscripts.tap-shop = "tap_shop.tap:TapShop.cli"\n'],
    ['Poetry', "[tool.poetry.scripts]\n'tap-shop' = 'tap_shop.tap:TapShop.cli'\n"],
    [
      'setup.py as text',
      'setup(\n  entry_points="""\n    [console_scripts]\n    tap-shop=tap_shop:main\n  """,\n)',
    ],
    ['setup.py as a dictionary', "entry_points={'console_scripts': ['tap-shop = tap_shop:main']}"],
    [
      'setup.py that Poetry wrote',
      "entry_points = \\\n{'console_scripts': ['tap-shop = '\n   'tap_shop.tap:TapShop.cli']}",
    ],
    ['setup.cfg', '[options.entry_points]\nconsole_scripts =\n    tap-shop = tap_shop:main\n'],
  ])('are read from %s', (_where, packaging) => {
    expect(scriptsIn(packaging)).toEqual(['tap-shop']);
  });

  it('are not addresses', () => {
    expect(scriptsIn('[project.urls]\nHomepage = "https://shop.example"\nimage = "python:3.12"\n')).toEqual(
      [],
    );
  });

  it('are told apart by their names', () => {
    expect(scriptOf(['catalog-of-tap', 'shop', 'tap-shop'])).toBe('tap-shop');
  });
});

describe('the kind of a project', () => {
  const installs = (name: string) =>
    `setup(name="${name}", entry_points={"console_scripts": ["${name}=m:main"]})`;

  it.each<[what: string, kind: string, found: ReturnType<typeof facts>]>([
    ['its command', 'tap', facts(installs('tap-shop'))],
    ['its command', 'target', facts(installs('target-shop'))],
    ['its package', 'tap', facts('', { paths: ['tap_shop/__init__.py'] })],
    ['its command, where it uses Singer', 'tap', facts(installs('shop-tap'), { code: 'import singer' })],
    ['its script', 'etl', facts('', { paths: ['etl.py'] })],
  ])('is told by %s: %s', (_what, kind, found) => {
    expect(found.kind).toBe(kind);
  });

  it.each([
    ['a library for taps', 'setup(name="singer-shop")', 'import singer'],
    [
      'a tap of another sense',
      'setup(name="tap-dance", entry_points={"console_scripts": ["tap=dance:main"]})',
      '',
    ],
    ['nothing', '', ''],
  ])('is refused where it is none: %s', (_what, packaging, code) => {
    expect(() => facts(packaging, { code })).toThrow(/is no tap, target or ETL script.*say --kind/);
  });
});

it('goes by the name that it is packaged under', () => {
  expect(
    facts('from setuptools import setup\nsetup(name="tap-shop", entry_points="tap-shop=m:main")').name,
  ).toBe('tap-shop');
  expect(facts("setup_kwargs = {\n    'name': 'tap-shop',\n 'x': 'tap-s=m:main'}").name).toBe('tap-shop');
});

it('hears which settings a plugin lacks', () => {
  expect(missingSettings("Exception: Config is missing required keys: ['start_date', 'token']")).toEqual([
    'start_date',
    'token',
  ]);
  expect(missingSettings("Config validation failed: 'token' is a required property")).toEqual(['token']);
  expect(missingSettings('KeyError: 1')).toEqual([]);
});

it('makes up settings of the types that a plugin asks for', () => {
  const properties = {
    token: { type: ['string', 'null'] },
    since: { type: 'string', format: 'date-time' },
    tables: { type: 'array' },
    size: { type: 'integer', default: 50 },
    mode: { type: 'string', enum: ['a', 'b'] },
    more: { type: 'object' },
  };

  expect(settingsOf({ properties, required: Object.keys(properties).slice(0, 5) })).toEqual({
    ...{ token: 'dummy', since: '2026-01-01T00:00:00Z', tables: [], size: 50, mode: 'a' },
  });
  expect(settingsOf('nonsense')).toEqual({});
});
