import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { hands } from '#containers/hands.ts';
import { holderOf } from '#local/lock.ts';
import { columns } from '../layout.ts';
import { type Finding, needed, said } from '../machine.ts';
import { portsFrom } from '../ports.ts';
import { EXIT, terminal } from '../terminal.ts';

const USEFUL: Record<string, string> = {
  uv: 'would make virtual environments faster',
  rg: 'would make the agent search faster',
};

/** `signalbox doctor`: what this machine has, what is missing, and how to get it. Changes nothing; ends with 1 if anything needed is missing. */
export function doctor(program: Command): void {
  program
    .command('doctor')
    .description('what is missing on this machine, and how to get it')
    .option('--folder <path>', 'the data folder that start would use', '.signalbox')
    .option('--port <n>', 'first of the five ports that start would use', '4600')
    .addHelpText('after', '\nExample:\n  npx signalbox doctor')
    .action(async ({ folder, port }: { folder: string; port: string }) => {
      const findings = [
        ...(await needed()),
        writable(folder),
        ...(await optional()),
        ...(await containment()),
        await ports(port),
      ];
      terminal(program.opts().json).result(findings, () => text(findings));
      if (findings.some(({ state }) => state === 'missing')) process.exitCode = EXIT.failed;
    });
}

async function optional(): Promise<Finding[]> {
  const tools = Object.entries(USEFUL).map(async ([what, purpose]): Promise<Finding> => {
    const version = await said(what, ['--version']);
    return { what, state: version ? 'ok' : 'optional', detail: version ?? `not here; ${purpose}` };
  });
  const key: Finding = process.env.ANTHROPIC_API_KEY
    ? { what: 'ANTHROPIC_API_KEY', state: 'ok', detail: 'set: the real model works' }
    : {
        what: 'ANTHROPIC_API_KEY',
        state: 'optional',
        detail: 'not set: the scripted model covers the demo tickets, others go to a person',
      };
  return [...(await Promise.all(tools)), key];
}

/** What keeps commands of repositories from this machine's secrets; found out by trying. */
async function containment(): Promise<Finding[]> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-doctor-'));
  const { isolated, fenced, close } = await hands(folder);
  await close();
  await rm(folder, { recursive: true, force: true });
  const without =
    'Code that nobody marked as trusted is refused here, unless with npm start -- --unsandboxed';
  const part = (what: string, isThere: boolean, has: string, needs: string): Finding => ({
    what,
    state: isThere ? 'ok' : 'optional',
    detail: isThere ? has : `not here; ${needs}. ${without}`,
  });
  const root = 'takes Linux, root and util-linux (setpriv, unshare, nsenter)';
  return [
    part('user for commands', isolated, 'commands run as one that owns nothing else', root),
    part('network for commands', fenced, 'commands reach only what their project names', root),
  ];
}

/** Looks at the folder, or at the nearest one above it that exists and in which it would be made. */
function writable(folder: string): Finding {
  const path = resolve(folder);
  let there = path;
  while (!existsSync(there)) there = dirname(there);
  try {
    if (!statSync(there).isDirectory()) throw new Error(`${there} is not a folder`);
    accessSync(there, constants.W_OK);
    const holder = holderOf(path);
    if (!holder) return { what: 'data folder', state: 'ok', detail: path };
    const detail = `${path} is in use by ${holder}: Signalbox is running, or choose another with --folder`;
    return { what: 'data folder', state: 'optional', detail };
  } catch (error) {
    const detail = `${path} cannot be written: ${(error as Error).message}. Choose another with --folder`;
    return { what: 'data folder', state: 'missing', detail };
  }
}

async function ports(first: string): Promise<Finding> {
  const all = Object.values(portsFrom(first));
  const taken = (await Promise.all(all.map(async (port) => !(await isFree(port)) && port))).filter(Boolean);
  const what = `ports ${all[0]}-${all.at(-1)}`;
  if (taken.length === 0) return { what, state: 'ok', detail: 'free' };
  const detail = `${taken.join(', ')} in use: Signalbox is running, or choose others with npm start -- --port N`;
  return { what, state: 'optional', detail };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((tell) => {
    const probe = createServer();
    probe.once('error', () => tell(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => tell(true)));
  });
}

const MARKS = { ok: pc.green('ok'), missing: pc.red('missing'), optional: pc.yellow('optional') };

function text(findings: Finding[]): string {
  const missing = findings.filter(({ state }) => state === 'missing').length;
  const verdict = missing
    ? pc.red(`${missing} ${missing === 1 ? 'thing is' : 'things are'} missing.`)
    : `${pc.green('Everything needed is here.')} Start with: npm start`;
  return `${columns(
    findings.map(({ what, state, detail }) => [MARKS[state], what, detail]),
    Infinity,
  )}\n\n${verdict}`;
}
