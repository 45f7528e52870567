import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { Fault } from '#core/fault.ts';
import type { Clock } from '#core/ports.ts';
import { secretsManager } from './aws/clients.ts';
import { kept } from './kept.ts';

const ORG = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** What an organization's channel is reached with: the JSON of the secret `<prefix>/<org>/<channel>`, kept for five minutes; nothing when it is not connected. */
export function channelSecrets<T>(
  prefix: string,
  { channel, schema, clock }: { channel: string; schema: z.core.$ZodType<T>; clock: Clock },
): (org: string) => Promise<T | undefined> {
  const known = kept((name) => read(name, schema), { clock, freshMs: 300_000, againMs: 30_000 });
  return async (org) => (ORG.test(org) ? known.get(`${prefix}/${org}/${channel}`) : undefined);
}

async function read<T>(name: string, schema: z.core.$ZodType<T>): Promise<T | undefined> {
  try {
    const { SecretString } = await secretsManager().send(new GetSecretValueCommand({ SecretId: name }));
    return z.parse(schema, JSON.parse(SecretString ?? ''));
  } catch (error) {
    if ((error as { name?: string }).name === 'ResourceNotFoundException') return undefined;
    // The cause stays out of it: a parser's message may quote the secret.
    throw new Fault('Unavailable', 'The secret of this channel cannot be read; see docs/intake.md');
  }
}
