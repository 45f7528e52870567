import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Ask, Kept, Reply } from '#local/vendors/kept.ts';

/** A vendor's API on a free port of this machine, with what it answers instead as long as there is something. */
export async function listening(answer: (request: IncomingMessage) => Promise<Reply>) {
  const trouble: Reply[] = [];
  const server = createServer(async (request, response) => {
    const { status, body = {}, headers = {} } = trouble.shift() ?? (await answer(request));
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    trouble,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function askOf(request: IncomingMessage): Promise<Ask> {
  const { pathname: path, searchParams: query } = new URL(request.url ?? '', 'http://vendor');
  const { method = 'GET', headers } = request;
  const body = method === 'GET' ? undefined : await json(request);
  return { method, path, query, headers, body };
}

/** What was said, by id: the newest version first. */
export function memoryKept(said: Map<string, string[]>): Kept {
  const sent = (place: string, id: string, versions: string[]) => ({
    vendor: '',
    place,
    id,
    versions,
    at: 0,
  });
  return {
    list: (place) => [...said].map(([id, versions]) => sent(place, id, versions)),
    find: (place, id) => {
      const versions = said.get(id);
      return versions && sent(place, id, versions);
    },
    write: (_place, id, text) => void said.set(id, [text, ...(said.get(id) ?? [])]),
  };
}
