import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { secretsManager } from './clients.ts';

/** Secrets as an operator with credentials of their own keeps them. No function of the product may write one. */
export interface KeptSecrets {
  find(id: string): Promise<string | undefined>;
  /** Gives it a new value, or makes it. */
  put(id: string, text: string): Promise<void>;
  all(): Promise<{ name: string; arn: string }[]>;
}

export function keptSecrets(): KeptSecrets {
  return {
    find: (SecretId) =>
      unlessMissing(async () => {
        const { SecretString } = await secretsManager().send(new GetSecretValueCommand({ SecretId }));
        return SecretString;
      }),
    put: async (id, SecretString) => {
      const isThere = await unlessMissing(async () => {
        await secretsManager().send(new PutSecretValueCommand({ SecretId: id, SecretString }));
        return true;
      });
      if (!isThere) await secretsManager().send(new CreateSecretCommand({ Name: id, SecretString }));
    },
    all,
  };
}

async function all() {
  const found: { name: string; arn: string }[] = [];
  let NextToken: string | undefined;
  do {
    const page = await secretsManager().send(new ListSecretsCommand({ MaxResults: 100, NextToken }));
    found.push(...(page.SecretList ?? []).map(({ Name = '', ARN = '' }) => ({ name: Name, arn: ARN })));
    NextToken = page.NextToken;
  } while (NextToken);
  return found;
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if ((error as { name?: string }).name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
