/** `major.minor.patch` */
export type PythonVersion = `${number}.${number}.${number}`;

const CLAUSE = /^(~=|==|!=|<=|>=|<|>|===)\s*(\d+(?:\.\d+)*)(\.\*)?$/;
/** Poetry's own marks: `^3.8` and `~3.10`. */
const CARET = /^([\^~])\s*(\d+(?:\.\d+)*)$/;

/** Whether a version meets a `requires-python` (or Poetry's `python`). A clause that is not understood is not met. */
export function satisfies(version: PythonVersion, requires: string): boolean {
  const clauses = requires
    .split(',')
    .map((clause) => clause.trim())
    .filter(Boolean);
  return clauses.every((clause) => meets(numbers(version), clause));
}

/** What a `pyproject.toml`, `setup.py` or `setup.cfg` says about Python; empty when it says nothing. */
export function requirement(pyproject: string, setup = ''): string {
  const found =
    /^\s*requires-python\s*=\s*["']([^"']+)["']/m.exec(pyproject) ??
    /^\[tool\.poetry\.dependencies\][^[]*?^\s*python\s*=\s*["']([^"']+)["']/ms.exec(pyproject) ??
    /python_requires["']?\s*[=:]\s*["']([^"']+)["']/.exec(setup) ??
    /^python_requires\s*=\s*([<>=~!][^\n]*)$/m.exec(setup);
  return found?.[1]?.trim() ?? '';
}

/** Build tools that ask git for the version, and the variable that tells them instead: a tree has no history. */
const VERSIONED: [tool: RegExp, variable: string][] = [
  [/hatch-vcs|setuptools[-_]scm|use_scm_version/, 'SETUPTOOLS_SCM_PRETEND_VERSION'],
  [/poetry-dynamic-versioning/, 'POETRY_DYNAMIC_VERSIONING_BYPASS'],
  [/uv-dynamic-versioning/, 'UV_DYNAMIC_VERSIONING_BYPASS'],
  [/source\s*=\s*["']scm["']/, 'PDM_BUILD_SCM_VERSION'],
  [/\bpbr\b/, 'PBR_VERSION'],
];

/** What a project that takes its version from git needs in order to be built without. */
export function versionless(packaging: string): Record<string, string> {
  const used = VERSIONED.filter(([tool]) => tool.test(packaging));
  return Object.fromEntries(used.map(([, variable]) => [variable, '0.0.0']));
}

function meets(version: number[], clause: string): boolean {
  const [, mark, from] = CARET.exec(clause) ?? [];
  if (mark && from) return inside(version, numbers(from), mark === '^' ? 1 : 2);
  const [, operator, text, wild] = CLAUSE.exec(clause) ?? [];
  if (!operator || !text) return false;
  const wanted = numbers(text);
  if (operator === '~=') return inside(version, wanted, wanted.length - 1);
  if (wild) return (operator === '==') === startsWith(version, wanted);
  return compares(order(version, wanted), operator);
}

function compares(sign: number, operator: string): boolean {
  switch (operator) {
    case '<':
      return sign < 0;
    case '<=':
      return sign <= 0;
    case '>':
      return sign > 0;
    case '>=':
      return sign >= 0;
    case '!=':
      return sign !== 0;
    default:
      return sign === 0;
  }
}

/** At least `from`, and the same in its first `fixed` numbers. */
function inside(version: number[], from: number[], fixed: number): boolean {
  return order(version, from) >= 0 && startsWith(version, from.slice(0, Math.max(1, fixed)));
}

function startsWith(version: number[], start: number[]): boolean {
  return start.every((number, index) => version[index] === number);
}

function order(a: number[], b: number[]): number {
  for (let index = 0; index < 3; index++) {
    const sign = (a[index] ?? 0) - (b[index] ?? 0);
    if (sign !== 0) return sign;
  }
  return 0;
}

function numbers(text: string): number[] {
  return text.split('.').map(Number);
}
