import { join } from 'node:path';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { workspace } from '#adapters/git/workspace.ts';
import { gitToken } from '#adapters/github/client.ts';
import { log } from '#adapters/log.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { Fault } from '#core/fault.ts';
import type { Repository } from '#core/projects/project.ts';
import { catalogProblems } from '#core/taps/catalog.ts';
import { type Discovered, keyOf, type Seen, TapRef } from '#core/taps/check.ts';
import type { Waiver } from '#core/taps/finding.ts';
import { shapeOf } from '#core/taps/shape.ts';
import type { Given } from '../answering.ts';
import { contained } from '../contained.ts';
import { credential } from '../credential.ts';
import { inventoryOf } from '../inventory.ts';
import { steady } from '../steady.ts';
import { discover } from '../verify/discover.ts';
import { type Environment, environment, interpreterFor, type Shop } from '../verify/environment.ts';
import { factsAbout } from './about.ts';
import type { Assignment, Env } from './env.ts';

/** One tap as its default branch is now: clone, install, discover; the catalog's shape goes to the artifact bucket. Every reason why there is none is a `Fault`. */
export async function look(env: Env & Assignment, given: Given): Promise<Discovered> {
  const { folder, signal } = given;
  const tap = TapRef.parse({ org: env.ORG, projectId: env.PROJECT_ID, repository: env.REPOSITORY });
  const repository = await repositoryOf(env, tap, signal);
  const { apiUrl, cloneUrl: url, defaultBranch } = repository;
  const token = await gitToken(apiUrl, await credential(env.FORGE_SECRET_ARN, 'the forge', signal));
  const clone = await workspace({ folder: join(folder, 'git'), url, token, signal });
  const commit = await steady(clone, signal).fetch(`refs/heads/${defaultBranch}`);
  const say = async (text: string) => log.warn(text, { repository: repository.fullName });
  const shop = {
    workspace: clone,
    hands: await contained({ folder, repository, say, signal, progress: given.progress }),
    folder,
    signal,
  };
  const { catalog, made } = await catalogOf(shop, given, { commit, waivers: repository.waivers ?? [] });
  const shape = shapeOf(JSON.parse(catalog));
  const seen: Seen = { commit, made, discovery: await discoveryOf(shop), shape };
  const files = steady(s3Artifacts(env.ARTIFACTS_BUCKET), signal);
  await files.put(keyOf.discovered(tap, commit), JSON.stringify(seen, null, 1), 'application/json');
  return { state: 'discovered', commit };
}

async function repositoryOf(
  { PROJECTS_TABLE }: Env,
  { org, projectId, repository }: TapRef,
  signal: AbortSignal,
): Promise<Repository> {
  const project = await steady(dynamoProjects(PROJECTS_TABLE), signal).find(org, projectId);
  const found = project?.repositories.find(({ fullName }) => fullName === repository);
  if (!found) throw new Fault('NotFound', `${repository} is not in project ${projectId} any more`);
  return found;
}

/** Where the catalog comes from, as the code says; nothing if that cannot be read, which is no reason to stop. */
async function discoveryOf({ hands, folder, signal }: Shop): Promise<Seen['discovery']> {
  try {
    const reader = { hands, folder, ...(signal && { signal }) };
    return (await inventoryOf(reader, join(folder, 'tap', 'repository'))).discovery;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn('the code could not be read', { why: error.message });
    return undefined;
  }
}

/** What the tap discovers, and with what, if it installs, ends well, logs no error and prints a sound catalog. */
async function catalogOf(
  shop: Shop,
  { progress, signal }: Given,
  { commit, waivers }: { commit: string; waivers: Waiver[] },
): Promise<{ catalog: string; made: Seen['made'] }> {
  const interpreter = await interpreterFor(shop, commit);
  if (typeof interpreter === 'string') throw new Fault('Unavailable', interpreter);
  const made = await environment(shop, { tree: commit, name: 'tap', interpreter });
  progress();
  if (made.install.verdict !== 'PASS')
    throw new Fault('Invalid', `It does not install: ${made.install.detail}`);
  const facts = await factsAbout(shop, { tree: commit, called: 'tap', kind: 'tap' });
  if (!facts.script) throw new Fault('Invalid', 'Its packaging names no command to run');
  const sdk = await sdkOf(shop, made);
  const { problems, catalog, complaints = [] } = await discover(shop.hands, made, facts, signal);
  await shop.hands.sweep();
  const unsound = catalog === undefined ? problems : catalogProblems(catalog, waivers);
  const wrong = [...unsound, ...complaints];
  if (wrong.length > 0 || !catalog)
    throw new Fault('Invalid', `Discovery failed: ${wrong.join('; ').slice(0, 2_000)}`);
  return { catalog, made: { python: interpreter.version, ...(sdk && { sdk }) } };
}

const SDKS = ['hotglue-singer-sdk', 'singer-sdk', 'pipelinewise-singer-python', 'singer-python'];
const SAY_SDK = `import sys
from importlib.metadata import version
for name in sys.argv[1:]:
    try: print(name, version(name)); break
    except Exception: pass`;

/** The library that prints the catalog, with its version; two of them say the same schema differently. */
async function sdkOf({ hands, signal }: Shop, { python, out }: Environment): Promise<string | undefined> {
  const { code, stdout } = await hands.run({
    argv: [python, '-I', '-c', SAY_SDK, ...SDKS],
    cwd: out,
    limit: 30_000,
    ...(signal && { signal }),
  });
  const [said = ''] = stdout.trim().split('\n');
  return code === 0 && SDKS.includes(said.split(' ')[0] ?? '') ? said.slice(0, 100) : undefined;
}
