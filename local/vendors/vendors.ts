import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { discord } from './discord.ts';
import { jira, wordsOf } from './jira.ts';
import type { Ask, Kept, Reply, Sent, SentStore } from './kept.ts';
import { linear } from './linear.ts';

/** What every vendor here takes for its token. Nothing leaves this machine. */
export const LOCAL_TOKEN = 'local-demo-token';
export const LOCAL_USER = { email: 'bot@demo.example', token: LOCAL_TOKEN };

const ANSWERS: Record<string, (ask: Ask, kept: Kept) => Reply | undefined> = {
  jira: (ask, kept) => jira(ask, kept, LOCAL_USER),
  discord: (ask, kept) => discord(ask, kept, LOCAL_TOKEN),
  linear: (ask, kept) => linear(ask, kept, LOCAL_TOKEN),
  erp: callback,
};

/** An ERP that hears of its issues. */
function callback({ method, path, headers, body }: Ask, kept: Kept): Reply | undefined {
  if (method !== 'POST' || path !== '/callback') return undefined;
  const { id, externalId } = (body as { issue?: { id?: string; externalId?: string } })?.issue ?? {};
  if (!id || !externalId || !headers['webhook-signature']) return { status: 400 };
  kept.write(externalId, id, JSON.stringify(body, null, 2));
  return { status: 204 };
}

/** Vendors that the product speaks to, as far as it does, each refusing what the real one refuses; and what was said to them. */
export function vendors(sent: SentStore) {
  return {
    /** Whether somebody here was asked. */
    async answer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
      const ask = await asked(request);
      const found = Object.entries(ANSWERS)
        .map(([vendor, reply]) => reply(ask, sent.keptOf(vendor)))
        .find((reply) => reply !== undefined);
      if (!found) return false;
      const { status, body, headers = {} } = found;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body === undefined ? '' : JSON.stringify(body));
      return true;
    },
    /** In words, what was said last first. */
    sent: (): Sent[] =>
      sent
        .all()
        .map((one) => (one.vendor === 'jira' ? { ...one, versions: one.versions.map(wordsOf) } : one))
        .sort((a, b) => b.at - a.at),
  };
}

export type Vendors = ReturnType<typeof vendors>;

async function asked(request: IncomingMessage): Promise<Ask> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://vendors.local');
  const { method = 'GET', headers } = request;
  return { method, path: pathname, query: searchParams, headers, body: parsed(await text(request)) };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
