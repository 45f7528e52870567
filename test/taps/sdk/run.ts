import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Step, TapReport } from '#core/taps/step.ts';

/**
 * `npm run test:taps [-- --require]`: verifies taps on the real SDKs, from the package index. Where no index answers it
 * says so; with `--require` that is a failure too.
 */
const run = promisify(execFile);
const say = (text: string) => process.stdout.write(`${text}\n`);

interface Case {
  name: string;
  /** The step that tells. */
  step: 'T8' | 'T9';
  sdk: 'singer_sdk' | 'hotglue_singer_sdk';
  /** The API sends a word for a boolean and an undeclared field. */
  isOdd: boolean;
  expected: string;
}

const CASES: Case[] = [
  { name: 'singer-sdk, sound', step: 'T9', sdk: 'singer_sdk', isOdd: false, expected: 'PASS' },
  {
    name: 'singer-sdk, odd',
    step: 'T9',
    sdk: 'singer_sdk',
    isOdd: true,
    expected: 'FAIL SCHEMA_CHANGE coerced-boolean',
  },
  { name: 'hotglue, sound', step: 'T9', sdk: 'hotglue_singer_sdk', isOdd: false, expected: 'PASS' },
  {
    name: 'hotglue, odd',
    step: 'T9',
    sdk: 'hotglue_singer_sdk',
    isOdd: true,
    expected: 'FAIL SCHEMA_CHANGE coerced-boolean',
  },
  { name: 'hotglue, as recorded', step: 'T8', sdk: 'hotglue_singer_sdk', isOdd: false, expected: 'PASS' },
  {
    name: 'hotglue, not as recorded',
    step: 'T8',
    sdk: 'hotglue_singer_sdk',
    isOdd: true,
    expected: 'FAIL UNKNOWN none',
  },
];

const CATALOG = {
  ...{ tap_stream_id: 'people', stream: 'people', key_properties: ['id'] },
  schema: {
    type: 'object',
    properties: { id: { type: ['integer', 'null'] }, name: { type: ['string', 'null'] } },
  },
  metadata: [{ breadcrumb: [], metadata: { selected: true } }],
};

const isRequired = process.argv.includes('--require');
const folder = await mkdtemp(join(tmpdir(), 'signalbox-sdk-'));
let [passed, failed, skipped] = [0, 0, 0];
for (const one of CASES) await check(one);
await rm(folder, { recursive: true, force: true });
say(`${passed} passed, ${failed} failed, ${skipped} skipped`);
if (failed > 0 || (isRequired && skipped > 0)) process.exitCode = 1;

async function check(one: Case): Promise<void> {
  const { steps } = await verified(await (one.step === 'T8' ? recorded(one) : written(one)));
  const install = of(steps, 'T2');
  if (install?.verdict === 'INCONCLUSIVE') {
    skipped++;
    say(`skipped  ${one.name}: no package index answers (${install.detail})`);
    return;
  }
  const found = of(steps, one.step) ?? install;
  const got = [found?.verdict, found?.class, found?.rule].filter(Boolean).join(' ');
  const early = steps.find(({ verdict }) => verdict === 'FAIL');
  const isRight = got === one.expected;
  if (isRight) passed++;
  else failed++;
  const why = isRight
    ? ''
    : `, not ${one.expected}: ${early?.id} ${early?.detail ?? ''} ${early?.log?.slice(-600) ?? ''}`;
  say(`${isRight ? 'passed ' : 'FAILED '}  ${one.name}: ${got}${why}`);
}

function of(steps: Step[], id: string): Step | undefined {
  return steps.find((step) => step.id === id);
}

async function verified(place: string): Promise<TapReport> {
  const args = [
    'bin/cli.ts',
    'taps',
    'verify',
    place,
    '--json',
    '--unsandboxed',
    '--config',
    join(place, 'config.json'),
  ];
  const done = run(process.execPath, args, { maxBuffer: 50_000_000 });
  const { stdout } = await done.catch((error: { stdout: string }) => error);
  return JSON.parse(stdout);
}

async function written({ name, sdk, isOdd }: Case): Promise<string> {
  const place = join(folder, name.replace(/\W+/g, '-'));
  await mkdir(join(place, 'tap_people'), { recursive: true });
  const tap = await readFile(join(import.meta.dirname, 'tap.py'), 'utf8');
  const text = tap.replaceAll('from SDK', `from ${sdk}`).replace('"ODD"', isOdd ? '"True"' : '"False"');
  await writeFile(join(place, 'tap_people', '__init__.py'), text);
  await writeFile(join(place, 'config.json'), '{"api_key": "a-key-of-this-project"}');
  await writeFile(join(place, 'pyproject.toml'), pyproject(sdk));
  return place;
}

/** A tap with a recording of its API, and what it wrote then; the odd one has answered otherwise since. */
async function recorded({ name, sdk, isOdd }: Case): Promise<string> {
  const place = join(folder, name.replace(/\W+/g, '-'));
  const kept = join(place, '__smoke-tests__', 'people_test');
  for (const one of [join(place, 'tap_people'), join(kept, 'fixtures'), join(kept, 'expected_output')])
    await mkdir(one, { recursive: true });
  await copyFile(join(import.meta.dirname, 'recorded_tap.py'), join(place, 'tap_people', '__init__.py'));
  await copyFile(join(import.meta.dirname, 'record_vcr.py'), join(place, '__smoke-tests__', 'record-vcr.py'));
  const body = JSON.stringify({ data: [{ id: 1, name: isOdd ? 'Grace' : 'Ada' }] });
  const request = { method: 'GET', uri: 'https://people.example/people', body: null, headers: {} };
  const headers = { 'Content-Type': ['application/json'] };
  const response = { status: { code: 200, message: 'OK' }, headers, body: { string: body } };
  const { stream, schema, key_properties } = CATALOG;
  const messages = [
    { type: 'SCHEMA', stream, schema, key_properties },
    { type: 'RECORD', stream, record: { id: 1, name: 'Ada' } },
  ];
  const files = {
    'config.json': { api_key: 'a-key-of-this-project' },
    'catalog-selected.json': { streams: [CATALOG] },
    'fixtures/vcr.yaml': { version: 1, interactions: [{ request, response }] },
  };
  for (const [file, data] of Object.entries(files)) await writeFile(join(kept, file), JSON.stringify(data));
  await writeFile(
    join(kept, 'expected_output', 'data.singer'),
    messages.map((one) => JSON.stringify(one)).join('\n'),
  );
  await writeFile(join(place, 'config.json'), '{"api_key": "a-key-of-this-project"}');
  await writeFile(join(place, 'pyproject.toml'), pyproject(sdk));
  return place;
}

function pyproject(sdk: string): string {
  return `[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "tap-people"
version = "1.0"
requires-python = ">=3.10,<3.13"
dependencies = ["${sdk.replaceAll('_', '-')}"]

[project.scripts]
tap-people = "tap_people:main"
`;
}
