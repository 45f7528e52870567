import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { stateMachines } from '#adapters/aws/machines.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { workspace } from '#adapters/git/workspace.ts';
import { gitToken } from '#adapters/github/client.ts';
import { log } from '#adapters/log.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { Fault } from '#core/fault.ts';
import type { Repository } from '#core/projects/project.ts';
import { catalogKey, type Looked, TapRef } from '#core/taps/check.ts';
import { shapeOf } from '#core/taps/drift.ts';
import { credential } from '../credential.ts';
import { hands as makeHands } from '../hands.ts';
import { untilAnswered } from '../steady.ts';
import { discover, scripts } from '../verify/discover.ts';
import { environment, interpreterFor, type Shop, textOf } from '../verify/environment.ts';
import { Env } from './env.ts';

/** One tap, once a week: clone, install, discover; the catalog's shape goes to the artifact bucket. */
const Assignment = Env.extend({
  ORG: z.string(),
  PROJECT_ID: z.string(),
  REPOSITORY: z.string(),
  TASK_TOKEN: z.string().min(1),
});
type Assignment = z.infer<typeof Assignment>;

async function main(): Promise<void> {
  const env = Assignment.parse(process.env);
  const machines = stateMachines();
  const folder = await mkdtemp(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'signalbox-tap-'));
  // The hands may pass through it, and list nothing.
  await chmod(folder, 0o711);
  try {
    const looked = await look(env, folder).catch(inconclusive);
    await untilAnswered(() => machines.succeed(env.TASK_TOKEN, looked));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whatever kept us from looking says nothing about the schema. */
function inconclusive(error: unknown): Looked {
  log.warn('a tap could not be looked at', { error });
  const reason = error instanceof Fault ? error.message : `The check broke: ${(error as Error).name}`;
  return { state: 'inconclusive', reason: reason.slice(0, 2_000) };
}

async function look(env: Assignment, folder: string): Promise<Looked> {
  const tap = TapRef.parse({ org: env.ORG, projectId: env.PROJECT_ID, repository: env.REPOSITORY });
  const repository = await repositoryOf(env, tap);
  const token = await gitToken(repository.apiUrl, await credential(env.FORGE_SECRET_ARN, 'the forge'));
  const clone = await workspace({ folder: join(folder, 'git'), url: repository.cloneUrl, token });
  const commit = await clone.fetch(`refs/heads/${repository.defaultBranch}`);
  const shape = JSON.stringify(
    shapeOf(await catalogOf({ workspace: clone, hands: await makeHands(folder), folder }, commit)),
    null,
    1,
  );
  const key = catalogKey(tap, commit);
  await s3Artifacts(env.ARTIFACTS_BUCKET).put(key, shape, 'application/json');
  return { state: 'discovered', commit, key };
}

async function repositoryOf(
  { PROJECTS_TABLE }: Assignment,
  { org, projectId, repository }: TapRef,
): Promise<Repository> {
  const project = await dynamoProjects(PROJECTS_TABLE).find(org, projectId);
  const found = project?.repositories.find(({ fullName }) => fullName === repository);
  if (!found) throw new Fault('NotFound', `${repository} is not in project ${projectId} any more`);
  return found;
}

/** What the tap discovers, if it installs, ends well and prints a sound catalog. */
async function catalogOf(shop: Shop, commit: string): Promise<string> {
  const interpreter = await interpreterFor(shop, commit);
  if (typeof interpreter === 'string') throw new Fault('Unavailable', interpreter);
  const made = await environment(shop, { tree: commit, name: 'tap', interpreter });
  if (made.install.verdict !== 'PASS')
    throw new Fault('Unavailable', `It does not install: ${made.install.detail}`);
  const [name] = scripts(await textOf(shop.workspace, commit, 'pyproject.toml'));
  if (!name) throw new Fault('Unavailable', 'pyproject.toml names no command to run');
  const { problems, catalog } = await discover(shop.hands, made, name);
  await shop.hands.sweep();
  if (problems.length > 0 || !catalog)
    throw new Fault('Unavailable', `Discovery failed: ${problems.join('; ')}`);
  return catalog;
}

await main();
