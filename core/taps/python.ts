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

/** What a `pyproject.toml` or `setup.py` says about Python; empty when it says nothing. */
export function requirement(pyproject: string, setup = ''): string {
  const found =
    /^\s*requires-python\s*=\s*["']([^"']+)["']/m.exec(pyproject) ??
    /^\[tool\.poetry\.dependencies\][^[]*?^\s*python\s*=\s*["']([^"']+)["']/ms.exec(pyproject) ??
    /python_requires\s*=\s*["']([^"']+)["']/.exec(setup);
  return found?.[1] ?? '';
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
