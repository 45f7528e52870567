import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/core';
import * as z from 'zod';
import { Fault } from '#core/fault.ts';
import { retryAfterMs } from '../retry-after.ts';

const App = z.object({
  appId: z.union([z.string(), z.int()]),
  privateKey: z.string().min(1),
  /** Not there until somebody has installed the App. */
  installationId: z.union([z.string(), z.int()]).optional(),
  /** Where its forge is, if not where the host's name says. */
  apiUrl: z.url().optional(),
});

type Access = string | z.infer<typeof App>;

/** Tokens or Apps by host (`github.com`, `git.example:8443`), for organizations with more than one forge. */
const PerHost = z.object({ hosts: z.record(z.string(), z.union([z.string().min(1), App])) });
const Secret = z.union([App, PerHost]);

export type GitHub = Octokit;

/** Milliseconds that one request to the forge may take. */
const PATIENCE = 20_000;

/** A client of one GitHub (or GitHub Enterprise) REST API. `auth` is a token, an App's JSON `{appId, privateKey, installationId}`, or `{hosts: {HOST: either}}`. */
export function github(apiUrl: string, auth: string): GitHub {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const base = {
    baseUrl: apiUrl.replace(/\/+$/, ''),
    userAgent: 'signalbox',
    log: silent,
    request: { fetch: patient },
  };
  const access = accessTo(apiUrl, auth);
  if (typeof access === 'string') return new Octokit({ ...base, auth: access });
  const { installationId, apiUrl: _, ...app } = access;
  const asApp = { ...app, ...(installationId && { installationId: Number(installationId) }) };
  return new Octokit({ ...base, authStrategy: createAppAuth, auth: asApp });
}

/** The token that git uses over HTTPS for the same access: an App's is minted now and lives for an hour. */
export async function gitToken(apiUrl: string, auth: string): Promise<string> {
  const access = accessTo(apiUrl, auth);
  if (typeof access === 'string') return access;
  const { token } = (await github(apiUrl, auth).auth({ type: 'installation' })) as { token: string };
  return token;
}

/** The Apps in a forge's secret, each as an access of its own with the REST API it is for. */
export function appsIn(auth: string): { apiUrl: string; auth: string }[] {
  const { success, data } = Secret.safeParse(jsonOf(auth));
  if (!success) return [];
  const byHost: Record<string, Access> = 'hosts' in data ? data.hosts : { 'github.com': data };
  return Object.entries(byHost).flatMap(([host, access]) =>
    typeof access === 'string'
      ? []
      : [{ apiUrl: access.apiUrl ?? apiAt(host), auth: JSON.stringify(access) }],
  );
}

function apiAt(host: string): string {
  return host === 'github.com' ? 'https://api.github.com' : `https://${host}/api/v3`;
}

/** What the secret holds for this forge. Throws `Unavailable` when it cannot be read or names other hosts only. */
function accessTo(apiUrl: string, auth: string): Access {
  if (!auth.trimStart().startsWith('{')) return auth;
  const parsed = Secret.safeParse(jsonOf(auth));
  if (!parsed.success)
    throw new Fault(
      'Unavailable',
      "The forge's secret is neither a token, nor a GitHub App, nor a list of hosts; see docs/operating.md",
    );
  if ('appId' in parsed.data) return parsed.data;
  const host = new URL(apiUrl).host.replace(/^api\.github\.com$/, 'github.com');
  const access = parsed.data.hosts[host];
  if (!access)
    throw new Fault('Unavailable', `The forge's secret has no token for ${host}; see docs/operating.md`);
  return access;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function patient(url: string, options: RequestInit): Promise<Response> {
  return fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE) });
}

/** What went wrong at the forge, as a fault: what may pass is `Unavailable`, what we may not do is `Forbidden`. */
export function forgeFault(error: unknown, what: string): Fault {
  const { status, message, response } = error as {
    status?: number;
    message?: string;
    response?: { headers?: Record<string, string | undefined> };
  };
  const because = `The forge could not ${what}: ${message ?? 'no answer'}`;
  const afterMs = limitedFor(response?.headers ?? {});
  if (!status || status >= 500 || status === 429 || (status === 403 && afterMs !== undefined))
    return new Fault('Unavailable', because, { cause: error, afterMs });
  if (status === 404) return new Fault('NotFound', because);
  if (status === 401 || status === 403) return new Fault('Forbidden', `${because}; check its access`);
  return new Fault('Conflict', because);
}

/** By `retry-after`, or until the allowance that is used up begins anew (`x-ratelimit-reset`, in seconds). */
function limitedFor(headers: Record<string, string | undefined>): number | undefined {
  if (headers['retry-after']) return retryAfterMs(headers['retry-after']) ?? 60_000;
  if (headers['x-ratelimit-remaining'] !== '0') return undefined;
  return Math.max(0, Number(headers['x-ratelimit-reset'] ?? 0) * 1000 - Date.now());
}
