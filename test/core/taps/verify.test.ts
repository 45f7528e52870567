import { describe, expect, it } from 'vitest';
import type { CheckResult } from '#core/runs/run.ts';
import { checkAdded } from '#core/taps/added.ts';
import { catalogProblems } from '#core/taps/catalog.ts';
import { changes, checkPatch } from '#core/taps/patch.ts';
import { requirement, satisfies, versionless } from '#core/taps/python.ts';
import { judge, type TestReport } from '#core/taps/tests.ts';
import { verification } from '#core/taps/verify.ts';

function failed(checks: CheckResult[]): string[] {
  return checks.filter(({ verdict }) => verdict === 'FAIL').map(({ id }) => id);
}

function patchOf(path: string, { mode = '100644', added = 'x = 1' } = {}) {
  const diff = `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-old\n+${added}\n`;
  return { changes: [{ path, status: 'M', mode }], diff };
}

/** Built here, so that no scanner takes this file for a leak. */
const AWS_KEY = `AKIA${'ABCDEFGHIJKLMNOP'}`;
const GITHUB_TOKEN = `ghp_${'a1'.repeat(18)}`;

describe('checkPatch', () => {
  it.each([
    ['an ordinary change', patchOf('tap/client.py'), []],
    ['nothing', { changes: [], diff: '' }, ['patch']],
    ['a workflow', patchOf('.github/workflows/ci.yml'), ['paths']],
    ['a hook', patchOf('.git/hooks/pre-commit'), ['paths']],
    ['git settings of a folder', patchOf('tap/.gitattributes'), ['paths']],
    ['code that runs with every Python', patchOf('sitecustomize.py'), ['paths']],
    ['a plugin of the tests', patchOf('tests/conftest.py'), ['paths']],
    ['a link', patchOf('tap/data', { mode: '120000' }), ['kinds']],
    ['another repository', patchOf('vendor', { mode: '160000' }), ['kinds']],
    ['an access key', patchOf('tap/a.py', { added: `key = "${AWS_KEY}"` }), ['secrets']],
    ['a token', patchOf('tap/a.py', { added: `# ${GITHUB_TOKEN}` }), ['secrets']],
    ['a private key', patchOf('tap/k.pem', { added: '-----BEGIN RSA PRIVATE KEY-----' }), ['secrets']],
    ['a password in a URL', patchOf('tap/a.py', { added: 'https://bob:hunter22@example.com' }), ['secrets']],
    ['a word about secrets', patchOf('README.md', { added: 'Set api_key to your own key.' }), []],
    ['far too much', { ...patchOf('a.py'), diff: 'x'.repeat(500_000) }, ['size']],
  ])('judges %s', (_, patch, ids) => {
    expect(failed(checkPatch(patch))).toEqual(ids);
  });

  it.each([
    ['what is there already', 'tap/a.py', 'get("https://api.known.io/v2")', []],
    ['a host for examples', 'README.md', 'http://localhost:8080 https://api.example.com', []],
    ['another host', 'tap/a.py', 'get("https://known.io.evil.net/v2")', ['hosts']],
    ['an address', 'tap/a.py', 'connect(("8.8.4.4", 53))', ['hosts']],
    ['a newer version', 'pyproject.toml', 'dependencies = ["requests>=2.32"]', []],
    ['a file of the registry', 'uv.lock', 'url = "https://files.pythonhosted.org/a.whl"', []],
    ['a file of elsewhere', 'uv.lock', 'url = "https://api.known.io/a.whl"', ['sources']],
    [
      'a package of a repository',
      'setup.py',
      "install_requires=['x @ git+https://api.known.io/x']",
      ['sources'],
    ],
    ['a script', 'package.json', '"postinstall": "node x.js"', ['sources']],
    ['a pattern', 'tap/a.py', 'shape = re.compile("x")', []],
    ['a command line', 'tap/a.py', 'main(sys.argv[1:])', []],
    ['a call of a method', 'tap/a.py', 'model.eval()', []],
    ['hidden code', 'tap/a.py', 'exec(text)', ['harness']],
    ['a test that uses its runner', 'tests/test_a.py', 'import unittest', []],
  ])('judges %s that is added', (_, path, line, ids) => {
    expect(failed(checkAdded(patchOf(path, { added: line }).diff, ['api.known.io']))).toEqual(ids);
  });

  it('never repeats the secret it found', () => {
    expect(JSON.stringify(checkPatch(patchOf('a.py', { added: AWS_KEY })))).not.toContain(AWS_KEY);
  });

  it('reads what git says changed', () => {
    const raw = ':100644 100755 1 2 M\0a b.py\0:100644 000000 1 0 D\0tests/x.py\0';

    expect(changes(raw)).toEqual([
      { path: 'a b.py', mode: '100755', status: 'M' },
      { path: 'tests/x.py', mode: '000000', status: 'D' },
    ]);
  });
});

function report(outcomes: Record<string, 'pass' | 'fail' | 'error' | 'skip'>): TestReport {
  const tests = Object.entries(outcomes).map(([name, outcome]) => [name, { outcome, detail: '' }]);
  return { framework: 'unittest', tests: Object.fromEntries(tests) };
}

describe('judge', () => {
  const base = report({ 't.a': 'pass', 't.b': 'fail' });

  it.each([
    ['the red test is green', base, { 't.a': 'pass', 't.b': 'pass' }, []],
    [
      'a new test was red',
      report({ 't.a': 'pass', 't.b': 'fail', 't.c': 'fail' }),
      { 't.a': 'pass', 't.b': 'fail', 't.c': 'pass' },
      [],
    ],
    [
      'a new file could not load',
      report({ 't.a': 'pass', 'load:n': 'error' }),
      { 't.a': 'pass', 't.b': 'pass', 'n.x': 'pass' },
      [],
    ],
    ['a test is gone', base, { 't.b': 'pass' }, ['tests-kept']],
    ['a test is skipped', base, { 't.a': 'skip', 't.b': 'pass' }, ['tests-kept']],
    ['nothing became green', base, { 't.a': 'pass', 't.b': 'fail' }, ['red-green']],
    ['another became red', base, { 't.a': 'fail', 't.b': 'pass' }, ['tests']],
    ['nothing runs any more', base, {}, ['tests-kept', 'red-green', 'tests']],
    ['the file cannot be loaded', base, { 'load:t': 'error' }, ['red-green', 'tests']],
  ] as const)('when %s', (_, overlay, head, ids) => {
    expect(failed(judge({ base, overlay, head: report(head) }, []).checks)).toEqual(ids);
  });

  it.each([
    ['asserts less', 'self.assertEqual(y, 1)\nassert x', 'assert x', ['tests-strength']],
    ['asserts what is true anyway', 'assert x', 'assert True', ['tests-strength']],
    ['compares a thing with itself', 'self.assertEqual(x, 1)', 'self.assertEqual(1, 1)', ['tests-strength']],
    ['is deleted', 'assert x', undefined, ['tests-strength']],
    ['has its assertion commented out', 'assert x', '# assert x', ['tests-strength']],
    ['asserts more', 'assert x', 'assert x\nassert y', []],
  ])('when a test file %s', (_, before, after, ids) => {
    const runs = { base, overlay: base, head: report({ 't.a': 'pass', 't.b': 'pass' }) };

    expect(failed(judge(runs, [{ path: 'tests/t.py', before, after }]).checks)).toEqual(ids);
  });
});

describe('verification', () => {
  const green = judge(
    { base: report({ a: 'fail' }), overlay: report({ a: 'fail' }), head: report({ a: 'pass' }) },
    [],
  );
  const still = judge(
    { base: report({ a: 'pass' }), overlay: report({ a: 'pass' }), head: report({ a: 'pass' }) },
    [],
  );
  const findings = { baseSha: 'b', headSha: 'h', timedOut: false, notVerified: [] };

  it.each([
    ['passed', { judged: green, checks: green.checks }],
    ['inert', { judged: still, checks: still.checks }],
    ['failed', { judged: green, checks: checkPatch(patchOf('.git/config')) }],
    ['failed', { checks: checkPatch({ changes: [], diff: '' }) }],
    ['timed_out', { checks: [], timedOut: true }],
    ['infrastructure', { checks: [], infrastructure: 'No Python' }],
    ['inert', { checks: [] }],
  ])('is %s', (verdict, more) => {
    expect(verification({ ...findings, ...more }).verdict).toBe(verdict);
  });
});

describe('Python', () => {
  it.each([
    ['3.11.7', '>=3.9', true],
    ['3.11.7', '<3.11,>=3.7.1', false],
    ['3.10.13', '<3.11,>=3.7.1', true],
    ['3.11.7', '^3.8', true],
    ['3.11.7', '~3.10', false],
    ['3.10.2', '~=3.10', true],
    ['3.10.2', '~=3.10.1', true],
    ['3.11.0', '~=3.10.1', false],
    ['3.9.1', '==3.9.*', true],
    ['3.9.1', '!=3.9.*', false],
    ['3.9.1', '', true],
    ['3.9.1', 'whatever', false],
  ] as const)('%s meets %s: %s', (version, requires, met) => {
    expect(satisfies(version, requires)).toBe(met);
  });

  it('is found where projects say it', () => {
    expect(requirement('[project]\nrequires-python = ">=3.9"\n')).toBe('>=3.9');
    expect(requirement('[tool.poetry.dependencies]\nrequests = "*"\npython = "<3.11,>=3.7.1"\n')).toBe(
      '<3.11,>=3.7.1',
    );
    expect(requirement('', 'setup(python_requires=">=3.8")')).toBe('>=3.8');
    expect(requirement('', "setup_kwargs = {\n 'python_requires': '>=3.8'}")).toBe('>=3.8');
    expect(requirement('', '[options]\npython_requires = >=3.8, <3.12\n')).toBe('>=3.8, <3.12');
  });
});

describe('catalogProblems', () => {
  const stream = { tap_stream_id: 'orders', schema: { properties: { id: {} } }, key_properties: ['id'] };

  it.each([
    [{ streams: [stream] }, []],
    [{ streams: [stream, stream] }, [/used twice/]],
    [{ streams: [{ ...stream, key_properties: ['no'] }] }, [/key no is not in its schema/]],
    [{ streams: [] }, [/streams/]],
  ])('of %j', (catalog, problems) => {
    expect(catalogProblems(JSON.stringify(catalog))).toEqual(
      problems.map((one) => expect.stringMatching(one)),
    );
  });

  it('of text that is no catalog', () => {
    expect(catalogProblems('INFO starting\n{}')).toHaveLength(1);
  });
});

it.each([
  ['requires = ["hatch-vcs"]', { SETUPTOOLS_SCM_PRETEND_VERSION: '0.0.0' }],
  ['setup(use_scm_version=True)', { SETUPTOOLS_SCM_PRETEND_VERSION: '0.0.0' }],
  ['requires = ["poetry-dynamic-versioning"]', { POETRY_DYNAMIC_VERSIONING_BYPASS: '0.0.0' }],
  ['version = "1.0"', {}],
])('a version that comes from git is made up, for a tree has none: %s', (packaging, expected) => {
  expect(versionless(packaging)).toEqual(expected);
});
