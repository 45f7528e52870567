import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/core';
import * as z from 'zod';
import { Fault } from '#core/fault.ts';

const App = z.object({
  appId: z.union([z.string(), z.int()]),
  privateKey: z.string().min(1),
  installationId: z.union([z.string(), z.int()]),
});

export type GitHub = Octokit;

/** Milliseconds that one request to the forge may take. */
const PATIENCE = 20_000;

/** A client of one GitHub (or GitHub Enterprise) REST API. `auth` is a token, or an App's JSON `{appId, privateKey, installationId}`. */
export function github(apiUrl: string, auth: string): GitHub {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const base = {
    baseUrl: apiUrl.replace(/\/+$/, ''),
    userAgent: 'signalbox',
    log: silent,
    request: { fetch: patient },
  };
  const app = appOf(auth);
  if (!app) return new Octokit({ ...base, auth });
  return new Octokit({
    ...base,
    authStrategy: createAppAuth,
    auth: { ...app, installationId: Number(app.installationId) },
  });
}

/** The token that git uses over HTTPS for the same access: an App's is minted now and lives for an hour. */
export async function gitToken(apiUrl: string, auth: string): Promise<string> {
  if (!appOf(auth)) return auth;
  const { token } = (await github(apiUrl, auth).auth({ type: 'installation' })) as { token: string };
  return token;
}

function appOf(auth: string) {
  if (!auth.trimStart().startsWith('{')) return undefined;
  try {
    return App.parse(JSON.parse(auth));
  } catch {
    throw new Fault(
      'Unavailable',
      "The forge's secret is neither a token nor a GitHub App; see docs/operating.md",
    );
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
  const limited = response?.headers?.['x-ratelimit-remaining'] === '0' || response?.headers?.['retry-after'];
  if (!status || status >= 500 || status === 429 || (status === 403 && limited))
    return new Fault('Unavailable', because, { cause: error });
  if (status === 404) return new Fault('NotFound', because);
  if (status === 401 || status === 403) return new Fault('Forbidden', `${because}; check its access`);
  return new Fault('Conflict', because);
}
