import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One thing that was looked for on this machine. */
export interface Finding {
  what: string;
  state: 'ok' | 'missing' | 'optional';
  detail: string;
}

interface Program {
  name: string;
  args: string[];
  /** Oldest version that will do. */
  least: [major: number, minor: number];
  fix: string;
}

const PROGRAMS: Program[] = [
  {
    name: 'git',
    args: ['--version'],
    least: [2, 30],
    fix: 'Install git 2.30 or later (Debian: git; macOS: xcode-select --install)',
  },
  {
    name: 'python3',
    args: ['--version'],
    least: [3, 9],
    fix: 'Install Python 3.9 or later (Debian: python3; macOS: brew install python)',
  },
];

/** What the product cannot do without. A program that is there but too old counts as missing. */
export async function needed(): Promise<Finding[]> {
  const [programs, venv] = await Promise.all([Promise.all(PROGRAMS.map(program)), pythonVenv()]);
  return [node(), ...programs, venv];
}

/** First line of what a program says, or nothing when it cannot be run. */
export async function said(name: string, args: string[]): Promise<string | undefined> {
  const { stdout } = await run(name, args, { timeout: 10_000 }).catch(() => ({ stdout: undefined }));
  return stdout?.split('\n')[0];
}

function node(): Finding {
  const isEnough = Number.parseInt(process.versions.node, 10) >= 24;
  const detail = isEnough
    ? process.versions.node
    : `${process.versions.node}. npm ci installs Node 24 for this project: run commands through npm or npx`;
  return { what: 'Node', state: isEnough ? 'ok' : 'missing', detail };
}

async function program({ name, args, least, fix }: Program): Promise<Finding> {
  const version = await said(name, args);
  if (version === undefined) return { what: name, state: 'missing', detail: fix };
  const [major = 0, minor = 0] = /(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  const isEnough = major > least[0] || (major === least[0] && minor >= least[1]);
  return {
    what: name,
    state: isEnough ? 'ok' : 'missing',
    detail: isEnough ? version : `${version}. ${fix}`,
  };
}

async function pythonVenv(): Promise<Finding> {
  const works = await said('python3', ['-c', 'import venv, ensurepip; print("works")']);
  const detail = works ?? "Install Python's venv module (Debian: python3-venv)";
  return { what: 'python3 venv', state: works ? 'ok' : 'missing', detail };
}
