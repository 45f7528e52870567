/** What a project's tests need besides the project: one of its extras, or requirements that it names elsewhere. */
export interface TestNeeds {
  extra?: string;
  requirements: string[];
}

const NAMES = ['test', 'tests', 'testing', 'dev'];
const LIST = String.raw`\[((?:[^\]"'#]|"[^"]*"|'[^']*'|#.*)*)\]`;

/** Read from `pyproject.toml`, `setup.py` and the tests themselves. */
export function testNeeds(pyproject: string, setup: string, tests: string[]): TestNeeds {
  const extra = NAMES.find((name) => extrasOf(pyproject, setup).includes(name));
  const group = NAMES.find((name) => groupsOf(pyproject).has(name));
  if (group) return { requirements: inGroup(groupsOf(pyproject), group), ...(extra && { extra }) };
  if (extra) return { extra, requirements: [] };
  const imported = new Set(tests.flatMap(importsOf));
  const poetry = poetryNames(pyproject).filter((name) => imported.has(moduleOf(name)));
  const usesPytest = imported.has('pytest') || imported.has('singer_sdk.testing');
  return { requirements: [...new Set([...(usesPytest ? ['pytest'] : []), ...poetry])] };
}

function extrasOf(pyproject: string, setup: string): string[] {
  const dotted = [...pyproject.matchAll(/^optional-dependencies\.([\w-]+)\s*=/gm)];
  const table = [...tableOf(pyproject, 'project.optional-dependencies').matchAll(/^([\w-]+)\s*=\s*\[/gm)];
  const classic = /extras_require["']?\s*[=:]\s*\{([\s\S]*)/.exec(setup)?.[1] ?? '';
  const named = [...classic.matchAll(/["']([\w-]+)["']\s*:\s*\[/g)];
  return [...dotted, ...table, ...named].map(([, name = '']) => name);
}

function tableOf(toml: string, name: string): string {
  const start = toml.search(RegExp(`^\\[${name.replaceAll('.', '\\.')}\\]`, 'm'));
  if (start < 0) return '';
  const [, ...lines] = toml.slice(start).split('\n');
  const end = lines.findIndex((line) => /^\[/.test(line));
  return lines.slice(0, end < 0 ? undefined : end).join('\n');
}

/** Lists of PEP 735, by name. */
function groupsOf(pyproject: string): Map<string, string> {
  const found = tableOf(pyproject, 'dependency-groups').matchAll(RegExp(`^([\\w-]+)\\s*=\\s*${LIST}`, 'gm'));
  return new Map([...found].map(([, name = '', list = '']) => [name, list]));
}

function inGroup(groups: Map<string, string>, name: string, seen: string[] = []): string[] {
  if (seen.includes(name)) return [];
  const list = (groups.get(name) ?? '').replace(/#.*$/gm, '');
  const included = [...list.matchAll(/\{\s*include-group\s*=\s*["']([\w-]+)["']\s*\}/g)];
  const own = list.replace(/\{[^}]*\}/g, '').matchAll(/"([^"]+)"|'([^']+)'/g);
  const more = included.flatMap(([, other = '']) => inGroup(groups, other, [...seen, name]));
  return [...new Set([...[...own].map(([, a, b]) => a ?? b ?? ''), ...more])];
}

function poetryNames(pyproject: string): string[] {
  const tables = [
    'tool.poetry.dev-dependencies',
    ...NAMES.map((name) => `tool.poetry.group.${name}.dependencies`),
  ];
  return tables.flatMap((name) =>
    [...tableOf(pyproject, name).matchAll(/^([A-Za-z][\w.-]*)\s*=/gm)].map(([, found = '']) => found),
  );
}

function importsOf(code: string): string[] {
  return [...code.matchAll(/^\s*(?:import|from)\s+([\w.]+)/gm)].flatMap(([, name = '']) => [
    name.split('.')[0] ?? '',
    name.split('.').slice(0, 2).join('.'),
  ]);
}

function moduleOf(requirement: string): string {
  return requirement.toLowerCase().replace(/[-.]/g, '_');
}
