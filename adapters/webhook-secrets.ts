import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { Fault } from '#core/fault.ts';
import type { Clock, Signed, WebhookSecrets } from '#core/ports.ts';
import { secretsManager } from './aws/clients.ts';
import { clock as machineClock } from './clock.ts';
import { kept } from './kept.ts';

/** The text of `<prefix>/<org>/<source>`: the secret in use, and the one before it until every sender has changed. */
const Live = z.object({
  secrets: z.array(z.string().check(z.minLength(16))).check(z.minLength(1), z.maxLength(2)),
});

const FRESH_MS = 300_000;
/** Least time between two reads that a wrong signature can cause. */
const AGAIN_MS = 30_000;
const ORG = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Secrets per organization and source, kept for five minutes; a signature that fits none of them causes one more read, at most every half minute. */
export function webhookSecrets(prefix: string, clock: Clock = machineClock): WebhookSecrets {
  const limits = { clock, freshMs: FRESH_MS, againMs: AGAIN_MS };
  const live = kept((name) => liveSecrets(`${prefix}/${name}`), limits);
  return {
    check: async (org, source, isSigned) => {
      if (!ORG.test(org)) return 'unknown';
      const name = `${org}/${source}`;
      if ((await live.get(name)).some(isSigned)) return 'signed';
      return verdict(await live.again(name), isSigned);
    },
  };
}

function verdict(secrets: string[], isSigned: (key: string) => boolean): Signed {
  if (secrets.length === 0) return 'unknown';
  return secrets.some(isSigned) ? 'signed' : 'unsigned';
}

/** None when the organization has no such secret. A secret that cannot be read or has another shape is never taken for none. */
async function liveSecrets(name: string): Promise<string[]> {
  try {
    const { SecretString } = await secretsManager().send(new GetSecretValueCommand({ SecretId: name }));
    return Live.parse(JSON.parse(SecretString ?? '')).secrets;
  } catch (error) {
    if ((error as { name?: string }).name === 'ResourceNotFoundException') return [];
    // The cause stays out of it: a parser's message may quote the secret.
    throw new Fault('Unavailable', 'The secret of this webhook cannot be read; send it again later');
  }
}
