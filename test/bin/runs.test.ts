import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Entry, requestHash, START, written } from '#core/agents/journal.ts';
import { AT, run } from '../support/tickets.ts';

vi.setConfig({ testTimeout: 60_000 });

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
  run_twice: lines([BRIEF]),
  'run_twice/1': lines([BRIEF, ANSWER]),
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

/** A patch in two parts, the second of which is half a character. */
function patchPart(path: string) {
  const about = { name: 'partial-0123.mbox', isPartial: true, isVerified: false };
  const [first, second] = [Buffer.from('diff --git \xc3', 'latin1'), Buffer.from('\xa9\n', 'latin1')];
  return path.endsWith('=0')
    ? { ...about, base64: first.toString('base64'), next: 1 }
    : { ...about, base64: second.toString('base64') };
}

const RUN = run({
  percent: 52,
  step: 7,
  doing: 'engineer: runs: pytest',
  tests: '11 of 12',
  spentNanoUsd: 2e9,
});
function answerTo(path: string): object {
  if (path.includes('/patch?part=')) return patchPart(path);
  const [, id, part, round] = /^\/api\/runs\/(\w+)\/journal\?part=(\d+)(?:&round=(\d+))?$/.exec(path) ?? [];
  return id ? journalPart(id, Number(part), round) : { run: RUN };
}

function journalPart(id: string, part: number, round?: string): object {
  const parts = JOURNALS[round ? `${id}/${round}` : id] ?? [];
  const about = id === 'run_twice' && { rounds: 2, round: round === '1' ? 'first' : 'after-abc' };
  return { ...about, text: parts[part], ...(part + 1 < parts.length && { next: part + 1 }) };
}

const heard: { method?: string; url?: string; body: string }[] = [];
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    heard.push({ method: request.method, url: request.url, body: (await request.toArray()).join('') });
    response.end(JSON.stringify(answerTo(request.url ?? '')));
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
    /^Round 1, \n1 .*brief: Mend it\n2 .*at most 32000 tokens\n3 .*tool_use, 0.0120 USD: runs: pytest/,
  );
  expect(JSON.parse((await signalbox('replay', 'run_1_1', '--at', '2')).said)).toEqual(MESSAGES);
  expect(await signalbox('replay', 'run_1_1', '--at', '9')).toMatchObject({ exit: 2 });
});

it('steps through every conversation, or the one that is asked for', async () => {
  expect((await signalbox('replay', 'run_twice')).said).toMatch(
    /^Round 1, first\n1 .*\n2 .*\n\nRound 2, after-abc\n1 .*\n$/,
  );
  expect((await signalbox('replay', 'run_twice', '--round', '1')).said).toMatch(
    /^Round 1, first\n1 .*\n2 .*\n$/,
  );
});

it('writes a patch byte for byte, and says what it is', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'signalbox-patch-')), 'it.mbox');
  const { said } = await signalbox('patch', 'run_1_1', '--out', file);

  expect(said).toMatch(/An unfinished change, not verified: .*it\.mbox/);
  expect(readFileSync(file, 'utf8')).toBe('diff --git é\n');
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
