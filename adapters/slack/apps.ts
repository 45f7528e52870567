import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { Fault } from '#core/fault.ts';
import type { Clock } from '#core/ports.ts';
import { secretsManager } from '../aws/clients.ts';
import { kept } from '../kept.ts';

/** The text of `<prefix>/<org>`: everything that an organization's Slack app is made of, put there by its admin. */
export const SlackApp = z.object({
  /** The one in use, and the one before it until Slack has changed. */
  signingSecrets: z.array(z.string().min(16)).min(1).max(2),
  botToken: z.string().startsWith('xoxb-'),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  /** Workspaces whose people may link themselves and decide; guests of a shared channel come from others. */
  teams: z
    .array(z.string().regex(/^T[A-Z0-9]{1,20}$/))
    .min(1)
    .max(20),
  /** Channels in which every message is a request; elsewhere, only those that name the app. */
  watch: z
    .array(z.string().regex(/^[CG][A-Z0-9]{1,20}$/))
    .max(100)
    .optional(),
});
export type SlackApp = z.infer<typeof SlackApp>;

const FRESH_MS = 300_000;
const AGAIN_MS = 30_000;
const ORG = /^[a-z0-9][a-z0-9-]{0,63}$/;

export interface SlackApps {
  /** Nothing when the organization has no Slack app. Throws `Unavailable` when its secret cannot be read. */
  find(org: string): Promise<SlackApp | undefined>;
  /** The same, newer if it was not read within the last half minute: for a signature that does not fit. */
  findAgain(org: string): Promise<SlackApp | undefined>;
}

/** Slack apps by organization, kept for five minutes. */
export function slackApps(prefix: string, clock: Clock): SlackApps {
  const apps = kept((org) => read(`${prefix}/${org}`), { clock, freshMs: FRESH_MS, againMs: AGAIN_MS });
  return {
    find: async (org) => (ORG.test(org) ? apps.get(org) : undefined),
    findAgain: async (org) => (ORG.test(org) ? apps.again(org) : undefined),
  };
}

async function read(name: string): Promise<SlackApp | undefined> {
  try {
    const { SecretString } = await secretsManager().send(new GetSecretValueCommand({ SecretId: name }));
    return SlackApp.parse(JSON.parse(SecretString ?? ''));
  } catch (error) {
    if ((error as { name?: string }).name === 'ResourceNotFoundException') return undefined;
    // The cause stays out of it: a parser's message may quote the secret.
    throw new Fault('Unavailable', 'The secret of this Slack app cannot be read; see docs/slack.md');
  }
}
