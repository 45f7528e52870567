import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { type Operations, only } from '../service.ts';
import { operations } from './operations.ts';
import { generated } from './password.ts';
import { openRows } from './rows.ts';
import { create, existing, putValue } from './versions.ts';

export interface Secrets {
  operations: Operations;
  /** AWS::SecretsManager::Secret: a generated value is made once and kept, whatever is defined again later. */
  define(name: string, properties: Record<string, unknown>): void;
  /** Sets the current value as an operator would, unless it is that already. Creates the secret where there is none. */
  put(name: string, value: string): void;
  /** Where `Ref` of a secret points: its name with a suffix that never changes. */
  arn(name: string): string;
}

const DEFINABLE = ['Name', 'Description', 'SecretString', 'GenerateSecretString', 'KmsKeyId', 'Tags'];

/** Secrets Manager: two live values per secret, AWSCURRENT and AWSPREVIOUS, and any stage that a caller moves. */
export function secrets(store: Store, clock: Clock): Secrets {
  const rows = openRows(store);
  const deps = { store, clock, rows };

  function define(name: string, properties: Record<string, unknown>): void {
    only(`AWS::SecretsManager::Secret ${name}`, properties, DEFINABLE);
    store.transaction(() => {
      if (rows.find(name)) return;
      const secret = create(deps, name, properties.Description as string | undefined);
      const text =
        (properties.SecretString as string | undefined) ?? generated(properties.GenerateSecretString);
      if (text !== undefined) putValue(deps, secret, { value: { text } });
    });
  }

  function put(name: string, text: string): void {
    store.transaction(() => {
      const secret = rows.find(name) ?? create(deps, name);
      const current = rows.versions(secret).find(({ stages }) => stages.includes('AWSCURRENT'));
      if (current?.text !== text) putValue(deps, secret, { value: { text } });
    });
  }

  return { operations: operations(deps), define, put, arn: (name) => existing(rows, name).arn };
}
