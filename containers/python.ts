import { join } from 'node:path';
import { type PythonVersion, satisfies } from '#core/taps/python.ts';
import type { Hands } from './hands.ts';

export interface Interpreter {
  /** `3.11.7` */
  version: string;
  argv: string[];
  /** Whether its own pip can install into an environment that has none: making one with pip takes two seconds more. */
  installs: boolean;
}

/** Names of interpreters, newest first. */
export const NAMES = [
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
  'python3.9',
  'python3',
  '/usr/bin/python3',
];
const SAY_VERSION = `
import sys, venv, ensurepip
try:
  import pip
  able = tuple(int(n) for n in pip.__version__.split(".")[:2]) >= (22, 3)
except Exception:
  able = False
print("%d.%d.%d %d %s" % (*sys.version_info[:3], able, sys.executable))`;
const ASK_EACH = 'for p in "$@"; do v=$("$p" -c "$SAY" 2>/dev/null) && echo "$v"; done; true';

/** Interpreters that the hands can really start and make environments with, each version once. */
export async function interpreters(hands: Hands, cwd: string): Promise<Interpreter[]> {
  const argv = ['sh', '-c', ASK_EACH, 'sh', ...NAMES];
  const { stdout } = await hands.run({ argv, cwd, limit: 60_000, env: { SAY: SAY_VERSION } });
  const found = [...stdout.matchAll(/^(\d+\.\d+\.\d+) ([01]) (\/.+)$/gm)].map(
    ([, version = '', able, name = '']) => ({ version, argv: [name], installs: able === '1' }),
  );
  return found.filter((one, index) => found.findIndex(({ version }) => version === one.version) === index);
}

/** The newest interpreter that a `requires-python` allows. */
export function choose(found: Interpreter[], requires: string): Interpreter | undefined {
  return found
    .filter(({ version: one }) => satisfies(one as PythonVersion, requires))
    .sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }))[0];
}

export interface Installation {
  interpreter: Interpreter;
  venv: string;
  /** `.`, with the extras that its tests need. */
  project: string;
  /** Further packages, for projects that use a test runner without naming it. */
  extra: string[];
  uv: boolean;
}

/** Commands that make an environment and install the project in the current folder into it, with uv where it is there. */
export function installing({ interpreter, venv, project, extra, uv }: Installation): string[][] {
  const python = join(venv, 'bin', 'python');
  if (uv) {
    return [
      ['uv', 'venv', '-q', '--no-config', '-p', interpreter.argv[0] ?? '', venv],
      ['uv', 'pip', 'install', '-q', '-p', python, '-e', project, ...extra],
    ];
  }
  const options = ['install', '-q', '--disable-pip-version-check', '--no-input', '--no-warn-script-location'];
  const { argv, installs } = interpreter;
  const pip = installs ? [...argv, '-m', 'pip', '--python', python] : [python, '-m', 'pip'];
  return [
    [...argv, '-m', 'venv', ...(installs ? ['--without-pip'] : []), venv],
    [...pip, ...options, '-e', project, ...extra],
  ];
}
