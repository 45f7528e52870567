import { randomBytes } from 'node:crypto';
import type { KeptSecrets } from '#adapters/aws/kept-secrets.ts';
import { CommandError } from '../terminal.ts';

/** The new secret and the one before it: both count until the source has changed. The same again is no rotation. */
export function rotated(live: readonly string[], fresh: string): string[] {
  return [fresh, ...live.filter((one) => one !== fresh)].slice(0, 2);
}

/** 256 bits, as hex. */
export function freshSecret(): string {
  return randomBytes(32).toString('hex');
}

/** Makes `fresh` the secret that a source signs with; answers how many now count. */
export async function rotateWebhook(
  secrets: KeptSecrets,
  { org, source, fresh }: { org: string; source: string; fresh: string },
): Promise<number> {
  const id = `signalbox/webhooks/${org}/${source}`;
  const { secrets: live = [] } = await jsonSecret<{ secrets?: string[] }>(secrets, id);
  const both = rotated(live, fresh);
  await secrets.put(id, JSON.stringify({ secrets: both }));
  return both.length;
}

/** The JSON of a secret; empty when there is none. */
export async function jsonSecret<T extends object>(secrets: KeptSecrets, id: string): Promise<Partial<T>> {
  const text = await secrets.find(id);
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch {
    // Its text stays out of it: a parser's message may quote the secret.
    throw new CommandError(`The secret ${id} is no JSON: look at it, or delete it and connect again.`);
  }
}
