import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { Fault } from '#core/fault.ts';
import type { Credentials, Leases } from '#core/taps/credentials.ts';
import { secretsManager } from './clients.ts';

/** On a value that a run brought, beside AWSCURRENT: one that could not become that is still found by it. */
const ROTATED = 'SIGNALBOX_ROTATED';
const BETWEEN = 1_000;

interface Options {
  leases: Leases;
  /** Milliseconds for which others are waited for. */
  patience?: number;
  signal?: AbortSignal;
}

/** A secret as the place where a tenant's config is kept. A value of it is replaced only by who has the lease, and only if it is the one that was read. */
export function secretCredentials(id: string, { leases, patience = 0, signal }: Options): Credentials {
  let holder: string | undefined;
  const read = () => current(id);
  return {
    read,
    async write(text, since) {
      if (!holder) throw new Fault('Conflict', `${id} is written only by who holds it alone`);
      await leases.extend(id, holder);
      const { VersionId = '' } = await secretsManager().send(
        new PutSecretValueCommand({ SecretId: id, SecretString: text, VersionStages: [ROTATED] }),
      );
      return made(id, { VersionId, since, text });
    },
    async alone(work) {
      const own = randomUUID();
      await taken(() => leases.take(id, own), patience, signal);
      holder = own;
      // One that is not extended in time is noticed by the next write.
      const beat = setInterval(() => void leases.extend(id, own).catch(() => {}), leases.length / 3);
      try {
        return await work();
      } finally {
        holder = undefined;
        clearInterval(beat);
        await leases.release(id, own).catch(() => {});
      }
    },
  };
}

async function current(id: string): Promise<{ text: string; version: string }> {
  try {
    const answer = await secretsManager().send(new GetSecretValueCommand({ SecretId: id }));
    return { text: answer.SecretString ?? '', version: answer.VersionId ?? '' };
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error;
    throw new Fault(
      'NotFound',
      `There is no secret ${id}: put one with signalbox integrations credentials put`,
    );
  }
}

/** Secrets Manager itself compares: the label moves only from the version that was read. */
async function made(
  id: string,
  { VersionId, since, text }: { VersionId: string; since: string; text: string },
): Promise<string> {
  try {
    await secretsManager().send(
      new UpdateSecretVersionStageCommand({
        SecretId: id,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: VersionId,
        RemoveFromVersionId: since,
      }),
    );
    return VersionId;
  } catch (error) {
    if ((error as Error).name !== 'InvalidParameterException') throw error;
    const now = await current(id);
    // An answer that was lost, and the call made again.
    if (now.text === text) return now.version;
    throw new Fault('Conflict', `${id} was changed meanwhile, and is left as it is`);
  }
}

async function taken(take: () => Promise<void>, patience: number, signal?: AbortSignal): Promise<void> {
  const until = Date.now() + patience;
  for (;;) {
    try {
      return await take();
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'Unavailable' || Date.now() >= until) throw error;
      await sleep(BETWEEN, undefined, { signal });
    }
  }
}

/** Puts the value of a secret as an operator does; makes the secret where there is none. */
export async function putSecret(id: string, text: string): Promise<void> {
  const value = { SecretString: text };
  try {
    await secretsManager().send(new CreateSecretCommand({ Name: id, ...value }));
  } catch (error) {
    if ((error as Error).name !== 'ResourceExistsException') throw error;
    await secretsManager().send(new PutSecretValueCommand({ SecretId: id, ...value }));
  }
}
