import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Reply {
  status: number;
  body?: object;
  headers?: Record<string, string>;
}

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
