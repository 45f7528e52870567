import type { KeptSecrets } from '#adapters/aws/kept-secrets.ts';
import { CommandError, EXIT } from '../terminal.ts';

/** A GitHub App as the product uses it. */
export interface App {
  appId: number;
  privateKey: string;
  installationId?: number;
  apiUrl: string;
}

/** What the forge's secret holds, by host. One that names no host counts for github.com. */
export interface ForgeAccess {
  id: string;
  hosts: Record<string, string | App>;
}

/** The secret that the data stack has made, found by its name unless it is given. */
export async function forgeAccess(secrets: KeptSecrets, given: string | undefined): Promise<ForgeAccess> {
  const id = given ?? process.env.FORGE_SECRET_ARN ?? (await found(secrets));
  const text = (await secrets.find(id))?.trim() ?? '';
  if (!text.startsWith('{')) return { id, hosts: text ? { 'github.com': text } : {} };
  const kept = JSON.parse(text) as App | { hosts: ForgeAccess['hosts'] };
  return { id, hosts: 'hosts' in kept ? kept.hosts : { 'github.com': kept } };
}

export async function keepForgeAccess(
  secrets: KeptSecrets,
  { id, hosts }: ForgeAccess,
  one: { host: string; app: App },
): Promise<void> {
  await secrets.put(id, JSON.stringify({ hosts: { ...hosts, [one.host]: one.app } }));
}

/** CloudFormation puts its own letters behind the name that the stack gives. */
async function found(secrets: KeptSecrets): Promise<string> {
  const all = await secrets.all();
  const [one, ...more] = all.filter(({ name }) => /(^|-)ForgeSecret/.test(name));
  if (one && more.length === 0) return one.arn;
  const many = one ? 'more than one secret is' : 'no secret is';
  throw new CommandError(
    `In this AWS account ${many} called ForgeSecret…: give --forge-secret, the output ForgeSecretArn of SignalboxData.`,
    EXIT.usage,
  );
}
