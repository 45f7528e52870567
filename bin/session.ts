import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where the product is that commands talk to: `--url`, else SIGNALBOX_URL, else this machine's. */
export const DEFAULT_URL = 'http://localhost:4600';

/** A product's address as sessions are kept under it: two ways to write one address are one product. Nothing for what is none. */
export function originOf(url: string): string | undefined {
  const { protocol, origin } = URL.parse(url) ?? {};
  return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
}

/** What to type for a command at the product that is talked to now. */
export function typed(url: string, words: string): string {
  const usual = process.env.SIGNALBOX_URL || DEFAULT_URL;
  return `npx signalbox ${words}${originOf(usual) === originOf(url) ? '' : ` --url ${url}`}`;
}

function file(): string {
  const home = process.env.XDG_CONFIG_HOME || join(homedir(), '.config');
  return join(home, 'signalbox', 'sessions.json');
}

function all(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(file(), 'utf8'));
  } catch {
    return {};
  }
}

/** The token for a product: SIGNALBOX_TOKEN (an API key, in pipelines), else what `login` kept. */
export function tokenFor(url: string): string | undefined {
  return process.env.SIGNALBOX_TOKEN || all()[url];
}

/** Keeps a session per product in a file that only its owner can read. */
export function keepToken(url: string, token: string): void {
  mkdirSync(dirname(file()), { recursive: true, mode: 0o700 });
  writeFileSync(file(), JSON.stringify({ ...all(), [url]: token }, null, 2), { mode: 0o600 });
  chmodSync(file(), 0o600);
}
