import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Entry, requestHash, START, written } from '#core/agents/journal.ts';
import { AT, run } from '../support/tickets.ts';

const BRIEF: Entry = { type: 'note', kind: 'brief', text: 'Mend it' };
const MESSAGES = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Mend it' }] }];
const intent = (hash: string): Entry => ({ type: 'request_intent', hash, maxTokens: 32_000 });
const content = [{ type: 'tool_use' as const, id: 'call_1', name: 'bash', input: { command: 'pytest' } }];
const ANSWER: Entry = {
  type: 'response',
  reply: { content, stop: 'tool_use', nanoUsd: 12_000_000, tokens: 100 },
};

const JOURNALS: Record<string, string[]> = {
  run_1_1: lines([BRIEF, intent(requestHash(MESSAGES)), ANSWER]),
  run_other: lines([BRIEF, intent('of other words'), ANSWER]),
  run_torn: lines([BRIEF, ANSWER]).toReversed(),
};

function lines(entries: Entry[]): string[] {
  let tip = START;
  return entries.map((entry) => {
    const line = written(entry, tip, AT);
    tip = line.tip;
    return line.text;
  });
}

const RUN = run({
  percent: 52,
  step: 7,
  doing: 'engineer: runs: pytest',
  tests: '11 of 12',
  spentNanoUsd: 2e9,
});
const heard: { method?: string; url?: string; body: string }[] = [];
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    heard.push({ method: request.method, url: request.url, body: (await request.toArray()).join('') });
    const [, id, part] = /^\/api\/runs\/(\w+)\/journal\?part=(\d+)$/.exec(request.url ?? '') ?? [];
    const parts = JOURNALS[id ?? ''] ?? [];
    const next = Number(part) + 1;
    const answer = id ? { text: parts[Number(part)], ...(next < parts.length && { next }) } : { run: RUN };
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

/** The real command, in a process of its own. */
function signalbox(...args: string[]): Promise<{ exit: number; said: string; complained: string }> {
  const env = { ...process.env, NO_COLOR: '1', SIGNALBOX_URL: url, SIGNALBOX_TOKEN: 'key' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['bin/cli.ts', 'runs', ...args], { env }, (error, said, complained) =>
      resolve({ exit: (error?.code as number | undefined) ?? 0, said, complained }),
    );
  });
}

it('shows a run at work in one line', async () => {
  const { said } = await signalbox('show', 'run_1_1');

  for (const words of [
    '52 %',
    'step 7',
    'runs: pytest',
    '$2.00 spent, $8.00 left',
    'last verification: 11 of 12',
  ])
    expect(said).toContain(words);
});

it.each([
  [['message', 'run_1_1', 'Look there'], '/api/runs/run_1_1/message', '{"text":"Look there"}'],
  [['pause', 'run_1_1'], '/api/runs/run_1_1/pause', '{}'],
  [['resume', 'run_1_1'], '/api/runs/run_1_1/resume', '{}'],
  [['stop', 'run_1_1'], '/api/runs/run_1_1/stop', '{}'],
])('says %j to the agent', async (args, path, body) => {
  expect(await signalbox(...args)).toMatchObject({ exit: 0 });
  expect(heard.at(-1)).toEqual({ method: 'POST', url: path, body });
});

it('steps through a journal of several parts, and shows the conversation at a line', async () => {
  const { exit, said } = await signalbox('replay', 'run_1_1');

  expect(exit).toBe(0);
  expect(said).toMatch(
    /1 .*brief: Mend it\n2 .*at most 32000 tokens\n3 .*tool_use, 0.0120 USD: runs: pytest/,
  );
  expect(JSON.parse((await signalbox('replay', 'run_1_1', '--at', '2')).said)).toEqual(MESSAGES);
  expect(await signalbox('replay', 'run_1_1', '--at', '9')).toMatchObject({ exit: 2 });
});

it('ends with 1 when other bytes were sent than the journal makes, or a line is missing', async () => {
  expect(await signalbox('replay', 'run_other')).toMatchObject({
    exit: 1,
    said: expect.stringContaining('NOT THE BYTES THAT WERE SENT'),
  });
  expect(await signalbox('replay', 'run_torn')).toMatchObject({
    exit: 1,
    complained: expect.stringContaining('broken at line 1'),
  });
});
