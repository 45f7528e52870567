import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, replaceFile } from '#local/disk.ts';

/** Secrets of the demo's own doubles, made once per data folder. */
export interface Keys {
  forgeToken: string;
  modelKey: string;
  webhooks: Record<'github' | 'jira' | 'erp', string>;
}

/** Where they are kept, for people who want to sign a webhook by hand; readable by its owner only. */
export function keysFile(folder: string): string {
  return join(folder, 'demo-keys.json');
}

export function demoKeys(folder: string): Keys {
  const file = keysFile(folder);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    const secret = () => randomBytes(24).toString('base64url');
    const webhooks = { github: secret(), jira: secret(), erp: `whsec_${randomBytes(24).toString('base64')}` };
    const keys = { forgeToken: secret(), modelKey: secret(), webhooks };
    makeFolder(folder);
    replaceFile(file, JSON.stringify(keys, null, 2), 0o600);
    return keys;
  }
}
