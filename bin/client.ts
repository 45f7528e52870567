import { tokenFor } from './session.ts';
import { CommandError, EXIT } from './terminal.ts';

const EXITS: Record<number, number> = { 401: EXIT.signedOut, 404: EXIT.notFound, 400: EXIT.usage };

/** Talks to the product's API. A refusal becomes a {@link CommandError} with the API's own words. */
export interface Client {
  url: string;
  ask<T>(
    path: string,
    options?: { method?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<T>;
}

/** A client for the product at `url`, signed in with what `login` kept or SIGNALBOX_TOKEN. */
export function client(url: string): Client {
  return { url, ask };

  async function ask<T>(
    path: string,
    {
      method = 'GET',
      body,
      headers,
    }: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<T> {
    const token = tokenFor(url);
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new CommandError(
        `Nothing answers at ${url}. Is it running? Start it with: npm start`,
        EXIT.unreachable,
      );
    });
    const text = await response.text();
    if (response.ok) return (text ? JSON.parse(text) : undefined) as T;
    throw new CommandError(words(response.status, text), EXITS[response.status] ?? EXIT.failed);
  }
}

function words(status: number, text: string): string {
  if (status === 401) return 'Not signed in here, or the session has ended. Sign in with: signalbox login';
  try {
    return JSON.parse(text).message ?? text;
  } catch {
    return `The server answered ${status}`;
  }
}
