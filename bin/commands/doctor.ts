import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { EXIT, terminal } from '../terminal.ts';

interface Finding {
  what: string;
  state: 'ok' | 'missing' | 'optional';
  detail: string;
}

const PORTS = [4600, 4601, 4602, 4603, 4604];

/** `signalbox doctor`: what this machine has, what is missing, and how to get it. Ends with 1 if anything needed is missing. */
export function doctor(program: Command): void {
  program
    .command('doctor')
    .description('what is missing on this machine, and how to get it')
    .option('--folder <path>', 'data folder', '.signalbox')
    .action(async ({ folder }: { folder: string }) => {
      const findings = [...tools(), ...optional(), writable(folder), ...(await ports())];
      terminal(program.opts().json).result(findings, () => findings.map(line).join('\n'));
      if (findings.some(({ state }) => state === 'missing')) process.exitCode = EXIT.failed;
    });
}

function tools(): Finding[] {
  return [
    atLeast(
      'Node',
      process.versions.node,
      24,
      'npm ci installs Node 24 for this project; run commands through npm or npx',
    ),
    command('git', ['--version'], 'Install git 2.30 or later'),
    command('python3', ['--version'], 'Install Python 3.9 or later'),
    command(
      'python3',
      ['-c', 'import venv, ensurepip; print("venv works")'],
      'Install the venv module (Debian: python3-venv)',
    ),
  ];
}

function optional(): Finding[] {
  return [
    ...['uv', 'rg', 'setpriv'].map((name) => found(name)),
    {
      what: 'ANTHROPIC_API_KEY',
      state: 'optional',
      detail: process.env.ANTHROPIC_API_KEY
        ? 'set: the real model works'
        : 'not set: the scripted model covers the demo tickets, others go to a person',
    },
  ];
}

function found(name: string): Finding {
  const purpose = {
    uv: 'makes virtual environments faster',
    rg: 'makes the agent search faster',
    setpriv: 'lets tools run as another user',
  }[name];
  const { state, detail } = command(name, ['--version'], '');
  return {
    what: name,
    state: state === 'ok' ? 'ok' : 'optional',
    detail: state === 'ok' ? detail : `not here; ${purpose}`,
  };
}

function command(name: string, args: string[], fix: string): Finding {
  try {
    const said = execFileSync(name, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    });
    return { what: name, state: 'ok', detail: said.split('\n')[0] ?? '' };
  } catch {
    return { what: name, state: 'missing', detail: fix };
  }
}

function atLeast(what: string, version: string, major: number, fix: string): Finding {
  const isEnough = Number.parseInt(version, 10) >= major;
  return { what, state: isEnough ? 'ok' : 'missing', detail: isEnough ? version : `${version}. ${fix}` };
}

function writable(folder: string): Finding {
  const path = resolve(folder);
  try {
    if (!existsSync(path)) mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
    return { what: 'data folder', state: 'ok', detail: path };
  } catch (error) {
    return {
      what: 'data folder',
      state: 'missing',
      detail: `${path} cannot be written: ${(error as Error).message}`,
    };
  }
}

async function ports(): Promise<Finding[]> {
  return Promise.all(
    PORTS.map(async (port) => ({
      what: `port ${port}`,
      ...((await isFree(port))
        ? { state: 'ok' as const, detail: 'free' }
        : {
            state: 'optional' as const,
            detail: 'in use: Signalbox is running, or choose others with npm start -- --port N',
          }),
    })),
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((tell) => {
    const probe = createServer();
    probe.once('error', () => tell(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => tell(true)));
  });
}

function line({ what, state, detail }: Finding): string {
  const mark = { ok: pc.green('ok      '), missing: pc.red('missing '), optional: pc.yellow('optional') }[
    state
  ];
  return `${mark} ${what.padEnd(18)} ${detail}`;
}
