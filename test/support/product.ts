import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Addresses {
  dashboard: string;
  mailbox: string;
  forge: string;
  rest: string;
  aws: string;
  webhooks: string[];
  webhookSecrets: string;
}

export interface RunningProduct extends Addresses {
  folder: string;
  child: ChildProcess;
  stop(): Promise<void>;
}

/** The product as a user starts it: the command line, in a process of its own, in a temporary folder, on free ports. */
export async function startedProduct(...options: string[]): Promise<RunningProduct> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-test-'));
  const args = ['bin/cli.ts', '--json', 'start', '--folder', folder, '--port', '0', ...options];
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ANTHROPIC_API_KEY: '' },
  });
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const addresses = await firstJson(child).catch(() =>
    Promise.reject(new Error(`The product did not start: ${errors}`)),
  );
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...addresses, folder, child, stop };
}

/** The JSON value that the command prints once everything listens. */
async function firstJson(child: ChildProcess): Promise<Addresses> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += chunk;
    const end = text.indexOf('\n}\n');
    if (end >= 0) return JSON.parse(text.slice(0, end + 2));
  }
  throw new Error('It ended');
}

/** A session of somebody who signs in with the code from their mail. */
export async function session({ dashboard, mailbox }: Addresses, email: string): Promise<string> {
  const post = (path: string, body: object) =>
    fetch(`${dashboard}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await post('/auth/code', { email });
  for (let tries = 0; tries < 100; tries += 1, await sleep(100)) {
    const mails: { text: string }[] = await (await fetch(`${mailbox}/mails.json?to=${email}`)).json();
    const code = /Code: (\S+)/.exec(mails[0]?.text ?? '')?.[1];
    if (!code) continue;
    const { token } = await (await post('/auth/session', { email, code, client: 'cli' })).json();
    if (token) return token;
  }
  throw new Error('No code came');
}
