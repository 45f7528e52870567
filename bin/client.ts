import { originOf, tokenFor, typed } from './session.ts';
import { CommandError, EXIT } from './terminal.ts';

const EXITS: Record<number, number> = {
  400: EXIT.usage,
  401: EXIT.signedOut,
  404: EXIT.notFound,
  413: EXIT.usage,
  503: EXIT.later,
};
/** Milliseconds that an answer may take: API Gateway itself gives up after 30 seconds. */
const PATIENCE = 35_000;

interface Options {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Talks to the product's API. A refusal becomes a {@link CommandError} with the API's own words. */
export interface Client {
  url: string;
  ask<T>(path: string, options?: Options): Promise<T>;
}

/** A client for the product at `url`, signed in with what `login` kept or SIGNALBOX_TOKEN. Throws when that is no address. */
export function client(given: string): Client {
  const url = originOf(given);
  if (!url) throw new CommandError(`${given} is not an address like http://localhost:4600`, EXIT.usage);
  return { url, ask };

  async function ask<T>(path: string, options: Options = {}): Promise<T> {
    const response = await fetch(new URL(path, url), request(options, tokenFor(url as string))).catch(() => {
      throw unreachable(url as string);
    });
    const text = await response.text();
    const said = parsed(text);
    if (response.ok && (said !== undefined || text === '')) return said as T;
    throw new CommandError(words(url as string, path, { status: response.status, said }), exitOf(response));
  }
}

function request({ method = 'GET', body, headers }: Options, token: string | undefined): RequestInit {
  return {
    method,
    signal: AbortSignal.timeout(PATIENCE),
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}

function exitOf({ ok, status }: Response): number {
  return ok ? EXIT.failed : (EXITS[status] ?? EXIT.failed);
}

function unreachable(url: string): CommandError {
  return new CommandError(
    `Nothing answers at ${url}. Start it with npm start, or say where it is with --url or SIGNALBOX_URL.`,
    EXIT.unreachable,
  );
}

/** How the API says no; `by` is who was faster. */
interface Said {
  message?: string;
  by?: string;
}

function parsed(text: string): Said | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function words(
  url: string,
  path: string,
  { status, said }: { status: number; said: Said | undefined },
): string {
  if (!said?.message) return `${url} answered ${status}, and not as Signalbox does. Is the address right?`;
  if (status !== 401 || path.startsWith('/auth/'))
    return fieldsFirst(said.message) + (said.by ? `, by ${said.by}` : '');
  if (process.env.SIGNALBOX_TOKEN) return `SIGNALBOX_TOKEN does not count here: ${said.message}`;
  return `Not signed in at ${url}, or the session has ended. Sign in with:\n  ${typed(url, 'login --email YOU')}`;
}

/** The API's list of problems, each as `field: what is wrong with it`. */
function fieldsFirst(message: string): string {
  return message.replace(/✖ (.+)\n\s+→ at (\S+)/g, '$2: $1').replace(/^✖ /gm, '');
}
