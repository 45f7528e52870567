import { join } from 'node:path';
import { secretCredentials } from '#adapters/aws/credentials.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoLeases } from '#adapters/dynamodb/leases.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { workspace } from '#adapters/git/workspace.ts';
import { gitToken } from '#adapters/github/client.ts';
import { log } from '#adapters/log.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { Fault } from '#core/fault.ts';
import type { Repository } from '#core/projects/project.ts';
import { catalogProblems } from '#core/taps/catalog.ts';
import { type Discovered, keyOf, type Seen, TapRef } from '#core/taps/check.ts';
import { type Credentials, secretOf } from '#core/taps/credentials.ts';
import type { Discovery } from '#core/taps/discovery.ts';
import { endpointsOf } from '#core/taps/endpoints.ts';
import type { Facts } from '#core/taps/facts.ts';
import { shapeOf } from '#core/taps/shape.ts';
import type { Given } from '../answering.ts';
import { type Contained, contained } from '../contained.ts';
import { credential } from '../credential.ts';
import { inventoryOf } from '../inventory.ts';
import { steady, untilAnswered } from '../steady.ts';
import { discover } from '../verify/discover.ts';
import { type Environment, environment, interpreterFor, type Shop } from '../verify/environment.ts';
import { factsAbout } from './about.ts';
import type { Assignment, Env } from './env.ts';
import { lookLive, type Shown } from './live.ts';
import { sdkOf } from './sdk.ts';

/** One tap as its default branch is now: clone, install, discover, sample; what it shows goes to the artifact bucket. Every reason why there is nothing is a `Fault`. */
export async function look(env: Env & Assignment, given: Given): Promise<Discovered> {
  const { folder, signal } = given;
  const tap = TapRef.parse({ org: env.ORG, projectId: env.PROJECT_ID, repository: env.REPOSITORY });
  const repository = await repositoryOf(env, tap, signal);
  const { apiUrl, cloneUrl: url, defaultBranch } = repository;
  const token = await gitToken(apiUrl, await credential(env.FORGE_SECRET_ARN, 'the forge', signal));
  const clone = await workspace({ folder: join(folder, 'git'), url, token, signal });
  const commit = await steady(clone, signal).fetch(`refs/heads/${defaultBranch}`);
  const say = async (text: string) => log.warn(text, { repository: repository.fullName });
  const hands = await contained({ folder, repository, say, signal, progress: given.progress });
  const shop = { workspace: clone, hands, folder, signal };
  const bench = await installed({ shop, repository, commit }, given);
  const read = await readOf(shop);
  const { catalog, config, ...sampled } = await shownBy(env, bench, read.discovery?.kind);
  const made = { ...bench.made, ...(config !== undefined && { config }) };
  const seen: Seen = { commit, made, ...read, shape: shapeOf(JSON.parse(catalog)), ...sampled };
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

/** Where the catalog and its streams come from, as the code says; nothing if that cannot be read, which is no reason to stop. */
async function readOf({ hands, folder, signal }: Shop): Promise<Pick<Seen, 'discovery' | 'endpoints'>> {
  try {
    const reader = { hands, folder, ...(signal && { signal }) };
    const inventory = await inventoryOf(reader, join(folder, 'tap', 'repository'));
    return { discovery: inventory.discovery, endpoints: endpointsOf(inventory) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn('the code could not be read', { why: error.message });
    return {};
  }
}

interface Job {
  shop: Shop & { hands: Contained };
  repository: Repository;
  commit: string;
}

interface Bench extends Job {
  environment: Environment;
  facts: Facts;
  made: Seen['made'];
  progress: Given['progress'];
}

/** The tap in an environment of its own, and what that is. */
async function installed(job: Job, { progress }: Given): Promise<Bench> {
  const { shop, commit, repository } = job;
  const interpreter = await interpreterFor(shop, commit);
  if (typeof interpreter === 'string') throw new Fault('Unavailable', interpreter);
  const made = await environment(shop, { tree: commit, name: 'tap', interpreter });
  progress();
  if (made.install.verdict !== 'PASS')
    throw new Fault('Invalid', `It does not install: ${made.install.detail}`);
  const facts = await factsAbout(shop, { tree: commit, called: repository.fullName, kind: 'tap' });
  if (!facts.script) throw new Fault('Invalid', 'Its packaging names no command to run');
  const sdk = await sdkOf(shop, made);
  const by = { python: interpreter.version, ...(sdk && { sdk }) };
  return { ...job, environment: made, facts, made: by, progress };
}

/** What it shows with the config that it is registered with; without one, what it prints. */
async function shownBy(env: Env & Assignment, bench: Bench, read?: Discovery): Promise<Printed | Shown> {
  const { repository, shop } = bench;
  const { integration, discovery = read ?? 'static', waivers = [] } = repository;
  if (!integration?.credentials) return { catalog: await printed(bench) };
  const { tenant } = integration;
  const credentials = await lent(env, { tenant, credentials: integration.credentials }, shop.signal);
  if (typeof credentials !== 'string') return lookLive({ ...bench, discovery, waivers, credentials, tenant });
  if (discovery === 'dynamic') throw new Fault('Invalid', credentials);
  return { catalog: await printed(bench), unsampled: credentials };
}

type Printed = Pick<Shown, 'catalog' | 'sampled' | 'unsampled'> & { config?: undefined };

/** Longer than one look has a config for itself. */
const PATIENCE = 9 * 60_000;

/** The tenant's config, where it is kept; else why there is none. */
async function lent(
  { CREDENTIALS_PREFIX, LEASES_TABLE, ORG: org }: Env & Assignment,
  { tenant, credentials }: { tenant: string; credentials: string },
  signal?: AbortSignal,
): Promise<Credentials | string> {
  try {
    const id = secretOf(CREDENTIALS_PREFIX, { org, tenant }, credentials);
    const leases = dynamoLeases(LEASES_TABLE, clock);
    const kept = secretCredentials(id, { leases, patience: PATIENCE, ...(signal && { signal }) });
    await untilAnswered(kept.read, signal);
    return kept;
  } catch (error) {
    if (error instanceof Fault && error.code !== 'Unavailable') return error.message;
    throw error;
  }
}

/** The catalog of a tap that nobody gives a config, if it ends well, logs no error and prints a sound one. */
async function printed({ shop, environment: made, facts, repository }: Bench): Promise<string> {
  const found = await discover(shop.hands, made, facts, shop.signal);
  await shop.hands.sweep();
  const { problems, catalog, complaints = [] } = found;
  const unsound = catalog === undefined ? problems : catalogProblems(catalog, repository.waivers ?? []);
  const wrong = [...unsound, ...complaints];
  if (wrong.length === 0 && catalog) return catalog;
  throw new Fault('Invalid', `Discovery failed: ${wrong.join('; ').slice(0, 2_000)}`);
}
