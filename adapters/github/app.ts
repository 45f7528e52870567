import { Octokit } from '@octokit/core';
import * as z from 'zod/mini';
import type { GitHub } from './client.ts';
import { trying } from './place.ts';

/** What GitHub hands out once for an App that was made of a manifest. */
const Made = z.object({
  id: z.int(),
  slug: z.string(),
  html_url: z.string(),
  pem: z.string(),
  webhook_secret: z.string().check(z.minLength(16)),
});
export type Made = z.infer<typeof Made>;

const Installations = z.array(z.object({ id: z.int(), account: z.object({ login: z.string() }) }));

/** The App behind the code that GitHub sent the browser back with; the code is good once, for an hour. */
export async function appFrom(apiUrl: string, code: string): Promise<Made> {
  const client = new Octokit({ baseUrl: apiUrl, userAgent: 'signalbox' });
  const { data } = await trying('make the App', () =>
    client.request('POST /app-manifests/{code}/conversions', { code }),
  );
  return z.parse(Made, data);
}

/** Where the App is installed. */
export async function installations(app: GitHub): Promise<{ id: number; login: string }[]> {
  const { data } = await trying('say where the App is installed', () =>
    app.request('GET /app/installations'),
  );
  return z.parse(Installations, data).map(({ id, account }) => ({ id, login: account.login }));
}

/** Name and page of the App itself: proves that its key is good. */
export async function appItself(app: GitHub): Promise<{ slug: string; url: string }> {
  const { data } = await trying('tell who the App is', () => app.request('GET /app'));
  const { slug, html_url: url } = z.parse(z.object({ slug: z.string(), html_url: z.string() }), data);
  return { slug, url };
}

/** Where the App's webhook sends to. */
export async function hookUrl(app: GitHub): Promise<string> {
  const { data } = await trying('tell its webhook', () => app.request('GET /app/hook/config'));
  return data.url ?? '';
}

/** From now on the App's webhook sends there and signs with this secret. */
export async function setHook(app: GitHub, hook: { url: string; secret: string }): Promise<void> {
  await trying('change its webhook', () =>
    // As `data`: the client takes a parameter called `url` for the address of the request.
    app.request('PATCH /app/hook/config', { data: { ...hook, content_type: 'json', insecure_ssl: '0' } }),
  );
}
