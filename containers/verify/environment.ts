import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workspace } from '#adapters/git/workspace.ts';
import type { CheckResult } from '#core/runs/run.ts';
import { result } from '#core/taps/patch.ts';
import { requirement, versionless } from '#core/taps/python.ts';
import { type TestNeeds, testNeeds } from '#core/taps/test-needs.ts';
import { isTestFile } from '#core/taps/tests.ts';
import { onPath } from '../command.ts';
import type { Hands } from '../hands.ts';
import { lent } from '../lend.ts';
import { choose, type Interpreter, installing, interpreters } from '../python.ts';

export interface Shop {
  workspace: Workspace;
  hands: Hands;
  /** One that every user may enter; each environment gets a folder in it. */
  folder: string;
  signal?: AbortSignal;
}

/** A tree's files and a fresh Python environment with the project installed in it. */
export interface Environment {
  repository: string;
  /** A folder beside the repository for what commands write. */
  out: string;
  venv: string;
  python: string;
  bin: string;
  install: CheckResult;
}

const INSTALL_LIMIT = 300_000;
const INSTALL_LOG = 4_000;
const PACKAGING = ['pyproject.toml', 'setup.py', 'setup.cfg'];

/** Writes a tree's files where the hands may work on them, from nothing. */
export async function unpack(
  { workspace, hands, folder }: Shop,
  tree: string,
  name: string,
): Promise<string> {
  const place = join(folder, name);
  await rm(place, { recursive: true, force: true });
  await mkdir(join(place, 'out'), { recursive: true });
  await workspace.write(tree, join(place, 'repository'));
  await hands.own(place);
  return place;
}

/** The same with a fresh environment. That it does not install is a finding, not an error. */
export async function environment(
  shop: Shop,
  { tree, name, interpreter }: { tree: string; name: string; interpreter: Interpreter },
): Promise<Environment> {
  const place = await unpack(shop, tree, name);
  const venv = join(place, 'venv');
  const repository = join(place, 'repository');
  const texts = await Promise.all(PACKAGING.map((path) => textOf(shop.workspace, tree, path)));
  const { extra, requirements } = await needsOf(shop.workspace, tree, texts);
  const commandsOf = (project: string, more: string[]) =>
    installing({ interpreter, venv, project, extra: more, uv: onPath('uv') !== undefined });
  const build = { repository, env: versionless(texts.join('\n')) };
  let install = await installed(shop, commandsOf(extra ? `.[${extra}]` : '.', requirements), build);
  // What only its tests need says nothing of the project: without that, they are told to lack it.
  if (install.verdict !== 'PASS' && (extra || requirements.length > 0))
    install = await installed(shop, commandsOf('.', []).slice(1), build);
  if (install.verdict === 'PASS') install = { ...install, detail: `Python ${interpreter.version}` };
  const bin = join(venv, 'bin');
  return { repository, out: join(place, 'out'), venv, bin, python: join(bin, 'python'), install };
}

async function installed(
  { hands, signal }: Shop,
  commands: string[][],
  { repository, env }: { repository: string; env: Record<string, string> },
): Promise<CheckResult> {
  let install = result('install', 'It installs in a fresh environment', true, '');
  for (const argv of commands) {
    const { code, output, seconds } = await hands.run({
      argv,
      cwd: repository,
      limit: INSTALL_LIMIT,
      signal,
      env,
    });
    install = { ...install, seconds: install.seconds + seconds };
    if (code !== 0)
      return {
        ...install,
        verdict: 'FAIL',
        detail: `${argv.slice(-4).join(' ')}: ${output.slice(-INSTALL_LOG)}`,
      };
  }
  return install;
}

/** The interpreter for a tree, or why there is none. */
export async function interpreterFor(shop: Shop, tree: string): Promise<Interpreter | string> {
  const texts = await Promise.all(PACKAGING.map((path) => textOf(shop.workspace, tree, path)));
  const [pyproject = '', ...setup] = texts;
  const isEtl = (await shop.workspace.files(tree)).includes('etl.py');
  if (!texts.some(Boolean) && !isEtl)
    return 'There is no pyproject.toml or setup.py: only Python projects can be verified';
  const wanted = requirement(pyproject, setup.join('\n'));
  const found = await interpreters(shop.hands, '/');
  const versions = found.map(({ version }) => version).join(', ') || 'none that can make environments';
  return (
    choose(found, wanted) ??
    (shop.hands.isolated ? await lent(shop.folder, wanted) : undefined) ??
    `The project needs Python ${wanted || '3.9 or later'}; installed here: ${versions}`
  );
}

async function needsOf(workspace: Workspace, tree: string, texts: string[]): Promise<TestNeeds> {
  const tests = (await workspace.files(tree)).filter((path) => isTestFile(path) && path.endsWith('.py'));
  const code = await Promise.all(tests.slice(0, 50).map((path) => workspace.read(tree, path)));
  const [pyproject = '', setup = ''] = texts;
  return testNeeds(pyproject, setup, code);
}

/** A file's text; empty when it is not there. */
export async function textOf(workspace: Workspace, tree: string, path: string): Promise<string> {
  return (await workspace.files(tree)).includes(path) ? workspace.read(tree, path) : '';
}
