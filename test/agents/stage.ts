import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Patience } from '#adapters/anthropic/client.ts';
import { anthropicModel } from '#adapters/anthropic/model.ts';
import { engage } from '#containers/agent/loop.ts';
import { type Bench, engineerTools } from '#containers/agent/tools.ts';
import type { Ending, Line } from '#core/agents/journal.ts';
import type { Message } from '#core/agents/model.ts';
import { ENGINEER } from '#core/agents/prompts/engineer.ts';
import { ROLES, type RoleLimits } from '#core/agents/roles.ts';
import type { Claim, Outcome } from '#core/agents/spend.ts';
import { scriptedModel } from '#local/model/model.ts';
import { memoryJournal } from '../support/memory-journal.ts';
import { openPurse } from '../support/purse.ts';

const KEY = 'key-of-the-stage';

export interface Play {
  /** What the model says. */
  turns: object[];
  /** What goes wrong with its first answer, and after how many requests it is over; never, unless said. */
  trouble?: object | undefined;
  clears?: number | undefined;
  patience?: Partial<Patience> | undefined;
  route?: Partial<RoleLimits> | undefined;
  /** Milliseconds for which the loop itself asks again. */
  outage?: number | undefined;
}

export interface Played {
  ending: Ending;
  lines: Line[];
  rows: (Claim & Outcome)[];
  reserved: Claim[];
  /** Conversations as they were sent, one per request. */
  sent: Message[][];
  /** Cost rows of answers that got a strike. */
  struck: string[];
  /** Calls of `verify` that were made, and the most that ran at once. */
  verified: number;
  atOnce: number;
}

/** The real loop with the real tools and the real client, at a provider that plays a script. */
export async function played({
  turns,
  trouble,
  clears,
  patience,
  route,
  outage = clears === undefined ? 0 : 60_000,
}: Play): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-scenario-'));
  const script = (...said: object[]) =>
    writeFileSync(join(folder, 'script.json'), JSON.stringify({ match: {}, turns: said }));
  script({ ...turns[0], ...(trouble && { trouble }) }, ...turns.slice(1));
  const play = scriptedModel({ folder, key: KEY });
  const sent: Message[][] = [];
  const provider = await serve(async (request, response) => {
    const text = (await request.toArray()).join('');
    sent.push(JSON.parse(text).messages);
    if (clears !== undefined && sent.length > clears) script(...turns);
    const { headers, method, url } = request;
    const whole = Object.assign(Readable.from([Buffer.from(text)]), { headers, method, url });
    await play(whole as IncomingMessage, response);
  });
  const { purse, rows, reserved } = openPurse();
  const role = { ...ROLES.engineer, turnSeconds: 15, ...route };
  const model = anthropicModel({
    apiKey: JSON.stringify({ anthropic: KEY, openrouter: KEY }),
    ...{ baseUrl: provider.url, otherUrls: { openrouter: provider.url } },
    patience: { headers: 10_000, idle: 10_000, silent: 10_000, ...patience },
    roles: { ...ROLES, engineer: role },
    clock: { now: () => new Date() },
    purse,
  });
  const journal = memoryJournal();
  const struck: string[] = [];
  const counted = { verified: 0, running: 0, atOnce: 0 };
  try {
    const { ending } = await engage({
      ...{
        model,
        role,
        journal,
        outage,
        system: ENGINEER,
        brief: 'Mend it',
        mark: '0123',
        budget: 5_000_000_000,
      },
      useTool: engineerTools(bench(counted)),
      checkpoint: async () => ({ tree: 't', patch: '' }),
      recap: async () => 'Nothing was done',
      carried: { up: 0, down: 0 },
      steering: async () => ({}),
      onStep: async () => {},
      onStruck: async (paid) => void struck.push(...paid),
      onProgress: () => {},
      signal: new AbortController().signal,
    });
    return { ending, lines: journal.all(), rows, reserved, sent, struck, ...counted };
  } finally {
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For tools that need no work tree: `verify` and `finish`; `search` finds what it looks for. */
function bench(counted: { verified: number; running: number; atOnce: number }): Bench {
  return {
    hands: { run: async ({ argv }: { argv: string[] }) => ({ code: 0, stdout: argv.join(' '), stderr: '' }) },
    ...{ root: '/', venv: '/', out: '/', signal: new AbortController().signal },
    tree: async () => 't',
    objection: async () => undefined,
    verify: async () => {
      counted.verified++;
      counted.atOnce = Math.max(counted.atOnce, ++counted.running);
      await new Promise((done) => setImmediate(done));
      counted.running--;
      return {
        ...{ verdict: 'passed', baseSha: 'b', headSha: 'h', redBefore: [], greenAfter: [], redAfter: [] },
        ...{ checks: [], notVerified: [] },
      };
    },
  } as unknown as Bench;
}

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>) {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
