import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseAnthropic } from '@anthropic-ai/sdk/client';
import type { MessageParam, ToolUseBlock } from '@anthropic-ai/sdk/resources/messages/messages';
import { Messages } from '@anthropic-ai/sdk/resources/messages/messages';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ENGINEER } from '#core/agents/prompts/engineer.ts';
import { ENGINEER_TOOLS } from '#core/agents/tools.ts';
import { scriptedModel } from '#local/model/model.ts';

const work = mkdtempSync(join(tmpdir(), 'signalbox-demo-'));
const tap = join(work, 'tap-orders');
const KEY = 'sk-demo';

/** Runs a command in the tap, its virtual environment first, and answers exit code and output together. */
function run(command: string, cwd = tap): Promise<string> {
  const env = {
    PATH: `${work}/venv/bin:${process.env.PATH}`,
    HOME: work,
    PIP_NO_INDEX: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    PYTHONDONTWRITEBYTECODE: '1',
  };
  return new Promise((resolve) =>
    execFile('sh', ['-c', `exec 2>&1; ${command}`], { cwd, env }, (error, output) =>
      resolve(`exit ${error?.code ?? 0}\n${output}`),
    ),
  );
}

/** The failed tests' names. */
function red(output: string): string[] {
  return [...output.matchAll(/^(?:FAIL|ERROR): (\w+)/gm)].map(([, name]) => name as string);
}

beforeAll(async () => {
  cpSync('local/demo/tap-orders', tap, { recursive: true });
  cpSync('local/demo/target-ledger', join(work, 'target-ledger'), { recursive: true });
  const who = '-c user.name=demo -c user.email=demo@example.com';
  await run(`git init -q && git add -A && git ${who} commit -q -m base && python3 -m venv ${work}/venv`);
}, 60_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

it.each(['tap-orders', 'target-ledger'])(
  '%s installs with no package index',
  async (name) => {
    const installed = await run('pip install --quiet -e .', join(work, name));
    const version = await run(`${name} --version`, work);

    expect(installed).toMatch(/^exit 0/);
    expect(version).toMatch(/^exit 0\n\d+\.\d+\.\d+/);
  },
  60_000,
);

it('the target has no red test', async () => {
  expect(await run('python -m unittest', join(work, 'target-ledger'))).toMatch(/^exit 0/);
});

it('the tap has one fault, and the scripted engineer mends it', async () => {
  const before = await run('python -m unittest');
  expect(red(before)).toEqual(['test_goes_on_after_a_short_page_that_has_a_cursor']);

  const finished = await engineer();
  const after = await run('python -m unittest');

  expect(finished.input).toMatchObject({ summary: expect.stringContaining('cursor') });
  expect(after).toMatch(/^exit 0\n[\s\S]*Ran 12 tests/);
  expect(await run('git diff --stat')).toMatch(/3 files changed, 8 insertions\(\+\), 1 deletion\(-\)/);
}, 60_000);

/** Plays the engineer's script with real tools, but for `verify`, and answers its last call. */
async function engineer(): Promise<ToolUseBlock> {
  const handle = scriptedModel({ folder: 'local/demo/scripts', key: KEY });
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new Messages(new BaseAnthropic({ apiKey: KEY, baseURL, maxRetries: 0 }) as never);
  const tools = ENGINEER_TOOLS.map(({ name, description, schema }) => ({
    name,
    description,
    input_schema: schema as { type: 'object' },
    strict: true,
  }));
  const messages: MessageParam[] = [
    { role: 'user', content: '<ticket>{"concerns":["tap-orders"]}</ticket>' },
  ];
  const thinking = { type: 'adaptive' as const };
  const request = { model: 'claude-opus-5-5', max_tokens: 8000, system: ENGINEER, tools, thinking };
  try {
    for (let turn = 0; turn < 20; turn += 1) {
      const { content } = await client.create({ ...request, messages });
      const uses = content.filter((block) => block.type === 'tool_use');
      const last = uses.find(({ name }) => name === 'finish');
      if (last) return last;
      const results = [];
      for (const use of uses)
        results.push({ type: 'tool_result' as const, tool_use_id: use.id, content: await useTool(use) });
      messages.push({ role: 'assistant', content }, { role: 'user', content: results });
    }
    throw new Error('The engineer did not finish');
  } finally {
    server.close();
  }
}

async function useTool({ name, input }: ToolUseBlock): Promise<string> {
  const given = input as Record<string, string>;
  const path = join(tap, given.path ?? '');
  if (name === 'bash') return run(given.command ?? '');
  if (name === 'search') return run(`grep -rnE '${given.pattern}' .`);
  if (name === 'read') return readFileSync(path, 'utf8');
  if (name === 'verify') return 'passed: all checks';
  const [before = '', after, ...more] = readFileSync(path, 'utf8').split(given.old ?? '');
  if (after === undefined || more.length > 0)
    throw new Error(`The edit of ${given.path} does not match once`);
  writeFileSync(path, before + given.new + after);
  return `Changed ${given.path}`;
}
