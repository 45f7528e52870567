import type { CheckResult } from '../runs/run.ts';
import { list, result } from './patch.ts';
import { isTestFile } from './tests.ts';

/** A line that a change adds, and the file it adds it to. */
interface Added {
  path: string;
  line: string;
}

/** The added lines of a unified diff. */
function added(diff: string): Added[] {
  return diff.split(/^diff --git /m).flatMap((part) => {
    const path = /^\+\+\+ b\/(.*)$/m.exec(part)?.[1] ?? '';
    const body = part.slice(part.search(/^@@ /m));
    return (path && body.match(/^\+.*$/gm)?.map((line) => ({ path, line: line.slice(1) }))) || [];
  });
}

/** What the added lines bring in: packages from elsewhere, a hand on the tests and, beside those that are known, new hosts. */
export function checkAdded(diff: string, knownHosts: string[]): CheckResult[] {
  const lines = added(diff);
  return [checkSources(lines), checkHarness(lines), checkHosts(lines, knownHosts)];
}

const DEPENDENCIES =
  /(^|\/)(pyproject\.toml|setup\.(py|cfg)|[^/]*requirements[^/]*\.(txt|in)|Pipfile(\.lock)?|poetry\.lock|uv\.(lock|toml)|pdm\.lock|package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|\.yarnrc(\.yml)?)$/;
const REGISTRIES = ['pypi.org', 'files.pythonhosted.org', 'registry.npmjs.org', 'registry.yarnpkg.com'];

/** Ways in which a package file brings code from elsewhere than a registry, or runs it while being installed. */
const ELSEWHERE: [string, RegExp][] = [
  [
    'another package index',
    /--?(extra-)?index-url|--find-links|\[\[?tool\.(poetry\.source|uv\.index|pdm\.source)|\[\[source\]\]|npmRegistryServer|"?registry"?\s*[:=]/i,
  ],
  [
    'a package that is not from a registry',
    /\bgit\+|\bgithub:|["'\s]@\s*(https?|file|git):|"(file|link|git|ssh):|\bgit\s*=\s*["']|\bpath\s*=\s*["']|\burl\s*=\s*["']http|dependency_links/,
  ],
  ['a file that is not from a registry', /"?(resolved|url|tarball)"?\s*[:=]\s*"?https?:\/\//i],
  [
    'code that runs when it is installed',
    /"(pre|post)?(install|prepare|prepublish)"\s*:|\bcmdclass\b|build-backend|backend-path/,
  ],
  [
    'other settings of the test run',
    /\baddopts\b|\btestpaths\b|\bpython_(files|classes|functions)\b|\bnorecursedirs\b|collect_ignore|\[tool[.:]pytest|\[pytest\]|pytest11/,
  ],
];

/** Where packages come from, and what they run, is not the engineer's to change. */
function checkSources(lines: Added[]): CheckResult {
  const found = lines
    .filter(({ path }) => DEPENDENCIES.test(path))
    .flatMap(({ path, line }) => {
      const plain = REGISTRIES.reduce((text, host) => text.replaceAll(`https://${host}/`, ''), line);
      return ELSEWHERE.filter(([, shape]) => shape.test(plain)).map(([what]) => `${what} in ${path}`);
    });
  return verdict({ id: 'sources', title: 'Packages come from where they came from', found });
}

/** Code of the product that takes hold of the test run, or that cannot be read for what it does. */
const REACHES: [string, RegExp][] = [
  [
    'reaches into the test runner',
    /\b(import|from)\s+_?(pytest|unittest)\b|\bsys\.(modules|settrace|setprofile)\b|\bgc\.get_objects\b/,
  ],
  ['decides how the process ends', /\bos\._exit\b|\batexit\b|\bfaulthandler\b/],
  ['runs text as code', /(?<![.\w])(exec|eval|__import__)\s*\(|\bmarshal\.loads\b|\bbuiltins\b|\bctypes\b/],
];

/** What tests say is believed only of code that leaves them alone. */
function checkHarness(lines: Added[]): CheckResult {
  const found = lines
    .filter(({ path }) => path.endsWith('.py') && !isTestFile(path) && !DEPENDENCIES.test(path))
    .flatMap(({ path, line }) =>
      REACHES.filter(([, shape]) => shape.test(line)).map(([what]) => `${path} ${what}`),
    );
  return verdict({ id: 'harness', title: 'The tests are left to judge by themselves', found });
}

/** Hosts in URLs, IPv4 addresses, and quoted names that end like a public host's: read the same by POSIX and by JavaScript. */
export const HOST_PATTERN =
  '[a-z][a-z0-9+.-]*://[A-Za-z0-9._~%:@-]+|["\'`][A-Za-z0-9-]+([.][A-Za-z0-9-]+)*[.](com|net|org|io|dev|co|ai|app|cloud|xyz|ru|cn|biz|site|online|top|link|click)\\b|\\b[0-9]{1,3}([.][0-9]{1,3}){3}\\b';

/** Names and addresses that reach nobody: reserved for examples, tests and the machine itself. */
const NOBODY =
  /(^|\.)(example(\.(com|net|org))?|test|invalid|localhost)$|^127\.|^0\.0\.0\.0$|^(192\.0\.2|198\.51\.100|203\.0\.113)\./;

/** The hosts that a text names, lower case, without those that reach nobody. */
export function hosts(text: string): string[] {
  const found = text.match(new RegExp(HOST_PATTERN, 'g')) ?? [];
  const names = found.map((one) =>
    one
      .replace(/^["'`]|^[a-z][a-z0-9+.-]*:\/\//, '')
      .replace(/^[^@]*@/, '')
      .replace(/[:?#\\].*$/, '')
      .toLowerCase(),
  );
  return [...new Set(names)].filter((name) => name && !NOBODY.test(name));
}

/** A change talks to nobody that the code before it did not talk to. */
function checkHosts(lines: Added[], known: string[]): CheckResult {
  const found = lines.flatMap(({ path, line }) =>
    hosts(line)
      .filter((name) => !known.includes(name) && !REGISTRIES.includes(name))
      .map((name) => `${name} in ${path}`),
  );
  return verdict({ id: 'hosts', title: 'No new hosts are named', found });
}

function verdict({ id, title, found }: { id: string; title: string; found: string[] }): CheckResult {
  const distinct = [...new Set(found)];
  return result(id, title, distinct.length === 0, distinct.length === 0 ? 'None' : list(distinct));
}
