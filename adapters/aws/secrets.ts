import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { Fault } from '#core/fault.ts';
import { secretsManager } from './clients.ts';

/** The secret's current text. Ask per cold start, keep it in memory, never log it. Throws `Unavailable` when it has no text. */
export async function secret(id: string): Promise<string> {
  const { SecretString } = await secretsManager().send(new GetSecretValueCommand({ SecretId: id }));
  if (!SecretString) throw new Fault('Unavailable', 'A secret has no value yet; see docs/operating.md');
  return SecretString;
}
