import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { personId } from '#core/people/person.ts';
import type { Runs, Tickets } from '#core/ports.ts';
import { call } from '#local/call.ts';
import { openForge } from '#local/forge/forge.ts';
import type { Local } from '#local/instance.ts';
import { scriptedModel } from '#local/model/model.ts';
import type { Companion, Given, Options } from '#local/options.ts';
import { start } from '#local/start.ts';
import { LOCAL_TOKEN, LOCAL_USER } from '#local/vendors/vendors.ts';
import { demoKeys, type Keys } from './keys.ts';
import { ADMIN, ORG, PEOPLE, projects, REPOSITORIES } from './organization.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = join(root, 'local', 'demo');
const ANTHROPIC = 'https://api.anthropic.com';

/** The product on this machine with the demo organization in it. */
export interface Product {
  local: Local;
  keys: Keys;
  tickets: Tickets;
  runs: Runs;
  /** Whether a real model works, or the scripted one. */
  isRealModel: boolean;
}

export type ProductOptions = Pick<Options, 'folder' | 'fresh' | 'ports' | 'onCommit' | 'onFailure'> & {
  /** An Anthropic API key: with one the real model works, without one the scripted one plays the demo tickets. */
  apiKey?: string | undefined;
  /** Lets work that nobody marked as trusted run where this machine cannot contain it. */
  unsandboxed?: boolean;
};

/** Starts or continues the product, and makes whatever of the demo organization is not there yet. */
export async function startProduct({ apiKey, unsandboxed, ...options }: ProductOptions): Promise<Product> {
  let forge: ReturnType<typeof openForge> | undefined;
  const local = await start({
    ...options,
    root,
    taskEnvironment: taskEnvironment(unsandboxed),
    parameters: (url) => ({
      FirstOrg: ORG,
      AdminEmail: ADMIN,
      MailFrom: 'signalbox@demo.example',
      ModelBaseUrl: apiKey ? ANTHROPIC : url('model'),
    }),
    companions: {
      model: ({ store }) => scripted(demoKeys(store.folder)),
      forge: (given) => {
        forge = demoForge(given);
        return { handle: forge.handle, resume: () => furnish(forge, given), stop: forge.stop };
      },
    },
  });
  reachAws(local.url('aws'));
  const keys = demoKeys(local.store.folder);
  await seed(local, keys, apiKey);
  const table = tableOf(local);
  return {
    local,
    keys,
    isRealModel: apiKey !== undefined,
    tickets: dynamoTickets(table('Tickets'), table('Deliveries')),
    runs: dynamoRuns(table('Runs')),
  };
}

function taskEnvironment(unsandboxed = false): Record<string, string> {
  const { PACKAGE_MIRRORS } = process.env;
  return { ...(PACKAGE_MIRRORS && { PACKAGE_MIRRORS }), ...(unsandboxed && { UNSANDBOXED: 'true' }) };
}

function scripted({ modelKey }: Keys): Companion {
  return { handle: scriptedModel({ folder: join(files, 'scripts'), key: modelKey }) };
}

function demoForge({ store, clock, url }: Given) {
  const { forgeToken } = demoKeys(store.folder);
  return openForge({
    store,
    clock,
    origin: () => url('forge'),
    accounts: [{ login: 'signalbox', token: forgeToken, access: 'write', type: 'Bot' }],
    visitor: 'rosa',
  });
}

/** The forge's repositories, and its webhooks to the product. */
async function furnish(
  forge: ReturnType<typeof openForge> | undefined,
  { store, url }: Given,
): Promise<void> {
  const { webhooks } = demoKeys(store.folder);
  await forge?.resume();
  for (const { owner, name, description } of REPOSITORIES) {
    await forge?.createRepository({ owner, name, description, private: true, from: join(files, name) });
    forge?.setWebhook({
      owner,
      name,
      url: `${url('product')}/webhooks/${ORG}/github`,
      secret: webhooks.github,
    });
  }
}

/** From here on the adapters of this process talk to the local AWS, whatever the user's own settings are. */
function reachAws(endpoint: string): void {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
}

async function seed(local: Local, keys: Keys, apiKey: string | undefined): Promise<void> {
  const { vault } = local.services;
  for (const [source, secret] of Object.entries(keys.webhooks)) {
    vault.put(`signalbox/webhooks/${ORG}/${source}`, JSON.stringify({ secrets: [secret] }));
  }
  connectVendors(local, keys);
  vault.put(nameOf(local, 'ModelSecret'), apiKey ?? keys.modelKey);
  vault.put(nameOf(local, 'ForgeSecret'), forgeAccess(local, keys));

  const people = dynamoPeople(tableOf(local)('People'));
  const createdAt = new Date().toISOString();
  for (const one of PEOPLE)
    await people.admit({ ...one, org: ORG, id: personId(ORG, one.email), groups: [], createdAt });
  const known = dynamoProjects(tableOf(local)('Projects'));
  for (const project of projects(local.url('forge'))) await known.put(project);
  await keepLogs(local);
}

/** Those that this machine stands in for; one that somebody has connected stays as they did. */
function connectVendors({ services, url }: Local, { webhooks }: Keys): void {
  const { vault } = services;
  const here = { url: url('mailbox'), isPrivate: true };
  const channels = {
    jira: { site: url('mailbox'), ...LOCAL_USER, isPrivate: true },
    callback: { ...here, url: `${url('mailbox')}/callback?${LOCAL_TOKEN}`, secrets: [webhooks.erp] },
    discord: { ...here, token: LOCAL_TOKEN },
    linear: { ...here, apiKey: LOCAL_TOKEN },
  };
  for (const [channel, secret] of Object.entries(channels))
    if (!isConnected(services, `signalbox/channels/${ORG}/${channel}`))
      vault.put(`signalbox/channels/${ORG}/${channel}`, JSON.stringify(secret));
}

/** Whether a secret is there that is not ours. */
function isConnected({ vault }: Local['services'], SecretId: string): boolean {
  try {
    const { SecretString } = call(vault.operations, 'GetSecretValue', { SecretId }) as {
      SecretString: string;
    };
    return !SecretString.includes(LOCAL_TOKEN);
  } catch {
    return false;
  }
}

/** The local forge's token, and with GITHUB_TOKEN in the environment GitHub's too, so that repositories there can be worked on. */
function forgeAccess(local: Local, { forgeToken }: Keys): string {
  const hosts: Record<string, string> = { [new URL(local.url('forge')).host]: forgeToken };
  if (process.env.GITHUB_TOKEN) hosts['github.com'] = process.env.GITHUB_TOKEN;
  return JSON.stringify({ hosts });
}

/** Job logs as the ETL host would have left them. */
async function keepLogs(local: Local): Promise<void> {
  const artifacts = s3Artifacts(nameOf(local, 'Artifacts'));
  for (const file of readdirSync(join(files, 'logs'))) {
    const key = `logs/${ORG}/${file.replace('.log', '')}/job-8841.log`;
    await artifacts.put(key, readFileSync(join(files, 'logs', file)), 'text/plain');
  }
}

function tableOf(local: Local): (id: string) => string {
  return (id) => nameOf(local, id);
}

/** Physical name of the data stack's resource whose construct is `id`: a logical id is that and eight hex digits. */
function nameOf({ assembly }: Local, id: string): string {
  const found = assembly.resources.find(
    (one) => one.stack === 'SignalboxData' && new RegExp(`^${id}[0-9A-F]{8}$`).test(one.id),
  );
  if (!found) throw new Error(`The data stack has no ${id}`);
  return found.name;
}
