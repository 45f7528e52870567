import { CommandError, EXIT } from './terminal.ts';

export const DEFAULT_AWS = 'http://127.0.0.1:4601';

/** A form changes something; a query only narrows down. */
export interface Sent {
  query?: Record<string, string | undefined>;
  form?: Record<string, string>;
}

/** Asks the local AWS about itself; `now` is by its own clock. */
export async function ask(
  at: string,
  path: string[],
  { query = {}, form }: Sent,
): Promise<{ found: unknown; now: number }> {
  const url = `${at}/_local/${path.map(encodeURIComponent).join('/')}?${new URLSearchParams(given(query))}`;
  const init = form && { method: 'POST', body: new URLSearchParams(form) };
  const response = await fetch(url, init).catch(() => {
    throw new CommandError(
      `Nothing answers at ${at}. Start the product with npm start, or say where its AWS is with --at.`,
      EXIT.unreachable,
    );
  });
  const found = (await response.json().catch(() => ({}))) as { message?: string };
  if (response.ok) return { found, now: Date.parse(response.headers.get('date') ?? '') };
  throw new CommandError(found.message ?? `${at} answered ${response.status}`, exitOf(response.status));
}

function given(query: Record<string, string | undefined>): [string, string][] {
  return Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
}

function exitOf(status: number): number {
  if (status === 404) return EXIT.notFound;
  return status === 400 ? EXIT.usage : EXIT.failed;
}
