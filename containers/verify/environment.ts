import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workspace } from '#adapters/git/workspace.ts';
import type { CheckResult } from '#core/runs/run.ts';
import { result } from '#core/taps/patch.ts';
import { requirement } from '#core/taps/python.ts';
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
  const needs = await testNeeds(shop.workspace, tree);
  const commands = installing({ interpreter, venv, ...needs, uv: onPath('uv') !== undefined });
  let install = result(
    'install',
    'It installs in a fresh environment',
    true,
    `Python ${interpreter.version}`,
  );
  for (const argv of commands) {
    const { hands, signal } = shop;
    const { code, output, seconds } = await hands.run({
      argv,
      cwd: repository,
      limit: INSTALL_LIMIT,
      signal,
    });
    install = { ...install, seconds: install.seconds + seconds };
    if (code === 0) continue;
    install = { ...install, verdict: 'FAIL', detail: `${argv.slice(-4).join(' ')}: ${output.slice(-2_000)}` };
    break;
  }
  const bin = join(venv, 'bin');
  return { repository, out: join(place, 'out'), venv, bin, python: join(bin, 'python'), install };
}

/** The interpreter for a tree, or why there is none. */
export async function interpreterFor(shop: Shop, tree: string): Promise<Interpreter | string> {
  const [pyproject, setup] = await Promise.all([
    textOf(shop.workspace, tree, 'pyproject.toml'),
    textOf(shop.workspace, tree, 'setup.py'),
  ]);
  const isEtl = (await shop.workspace.files(tree)).includes('etl.py');
  if (!pyproject && !setup && !isEtl)
    return 'There is no pyproject.toml or setup.py: only Python projects can be verified';
  const wanted = requirement(pyproject, setup);
  const found = await interpreters(shop.hands, '/');
  const versions = found.map(({ version }) => version).join(', ') || 'none that can make environments';
  return (
    choose(found, wanted) ??
    (shop.hands.isolated ? await lent(shop.folder, wanted) : undefined) ??
    `The project needs Python ${wanted || '3.9 or later'}; installed here: ${versions}`
  );
}

async function testNeeds(workspace: Workspace, tree: string): Promise<{ project: string; extra: string[] }> {
  const pyproject = await textOf(workspace, tree, 'pyproject.toml');
  const extras = /^\[project\.optional-dependencies\]/m.test(pyproject)
    ? /^(test|tests|testing|dev)\s*=\s*\[/m.exec(pyproject)?.[1]
    : undefined;
  if (extras) return { project: `.[${extras}]`, extra: [] };
  const tests = (await workspace.files(tree)).filter((path) => isTestFile(path) && path.endsWith('.py'));
  const texts = await Promise.all(tests.slice(0, 50).map((path) => workspace.read(tree, path)));
  const usesPytest = texts.some((text) => /^\s*(import|from) pytest\b/m.test(text));
  return { project: '.', extra: usesPytest ? ['pytest'] : [] };
}

/** A file's text; empty when it is not there. */
export async function textOf(workspace: Workspace, tree: string, path: string): Promise<string> {
  return (await workspace.files(tree)).includes(path) ? workspace.read(tree, path) : '';
}
