import { execFile } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { messagesClient } from '#adapters/anthropic/client.ts';
import { lifecycle } from '#adapters/anthropic/lifecycle.ts';
import { probe } from '#adapters/anthropic/probe.ts';
import { speaking } from '#adapters/anthropic/speak.ts';
import { ROLES, type RoleLimits } from '#core/agents/roles.ts';
import { KEY, openModel } from '../../local/model/open.ts';
import { openPurse } from '../../support/purse.ts';

const add = (a: number, b: number) => ({ type: 'tool_use', name: 'add', input: { a, b } });
const yes = { content: [{ type: 'text', text: 'Yes.' }] };
const thought = { type: 'thinking', thinking: 'I add.' };
const script = (user: string, ...turns: object[]) => ({ match: { user: [user] }, turns });

/** A model that does everything that a probe asks for. */
const GOOD: Record<string, object> = {
  tool: script('a = 2', { content: [thought, add(2, 3)] }),
  two: script('twice', { content: [add(1, 1), add(2, 2)] }),
  result: script('20 + 22', { content: [thought, add(20, 22)] }, { content: [{ type: 'text', text: '42' }] }),
  yes: script('Say yes', yes, yes),
  schema: script('Name a colour', { json: { colour: 'red', shade: 3 } }),
};

let model: Awaited<ReturnType<typeof openModel>> | undefined;
afterEach(() => model?.close());

async function failures(change: Record<string, object>, limits: RoleLimits = ROLES.engineer) {
  model = await openModel(...Object.values({ ...GOOD, ...change }));
  const findings = await probed(limits);
  const failed = findings.filter(({ isGood }) => !isGood).map(({ check, detail }) => [check, detail]);
  return { checks: findings.length, failed: Object.fromEntries(failed) };
}

async function probed(limits: RoleLimits) {
  const version = limits.provider === 'anthropic' ? {} : { version: '2023-06-01' };
  const patience = { headers: 2_000, idle: 300, silent: 600 };
  const send = messagesClient({ apiKey: KEY, baseUrl: model?.baseURL ?? '', patience, ...version });
  const speak = speaking({
    ...{ send: () => send, roles: { ...ROLES, engineer: limits }, clock: { now: () => new Date() } },
    ...{ purse: openPurse().purse, measure: () => {} },
  });
  return probe('engineer', limits, speak);
}

describe('a probe', () => {
  it('finds nothing wrong with a model that does as it says', async () => {
    expect(await failures({})).toEqual({ checks: 6, failed: {} });
  });

  it('finds tool calls that are dropped while the answer says all is well', async () => {
    const silent = { content: [{ type: 'text', text: 'I have called it.' }], stop_reason: 'end_turn' };
    const { failed } = await failures({ tool: script('a = 2', silent), result: script('20 + 22', silent) });

    expect(failed).toEqual({
      'calls a tool': 'no call arrived; it stopped with end_turn',
      'takes its own thinking and a result back': 'no call arrived',
    });
  });

  it('finds thinking that is not signed', async () => {
    const unsigned = { content: [{ ...thought, unsigned: true }, add(20, 22)] };
    const { failed } = await failures({ result: script('20 + 22', unsigned, yes) });

    expect(failed).toEqual({
      'takes its own thinking and a result back': expect.stringMatching(/not signed/),
    });
  });

  it.each<[string, Record<string, object>, string]>([
    [
      'one call where two were asked for',
      { two: script('twice', { content: [add(1, 1)] }) },
      'calls two tools at once',
    ],
    [
      'a cache that is not read',
      { yes: script('Say yes', yes, { ...yes, usage: { cache_read_input_tokens: 0 } }) },
      'reads what it cached',
    ],
    [
      'an answer of another shape',
      { schema: script('Name a colour', { json: { colour: 'mauve', shade: 3 } }) },
      'keeps to a schema',
    ],
    [
      'a stream without its end',
      { yes: script('Say yes', { ...yes, trouble: { drop: 'end' } }, yes) },
      'says what it used, and ends its streams',
    ],
  ])('finds %s', async (_, change, check) => {
    expect(Object.keys((await failures(change)).failed)).toContain(check);
  });

  it('tells a provider that does not answer from a model that fails, and asks it no more', async () => {
    const trouble = { status: 529, headers: { 'retry-after': '3600' } };
    model = await openModel(...Object.values({ ...GOOD, tool: script('a = 2', { ...yes, trouble }) }));
    const findings = await probed(ROLES.engineer);

    expect(findings).toEqual([
      { check: 'calls a tool', isGood: false, isUnheard: true, detail: expect.stringMatching(/529/) },
    ]);
  });

  it('asks another provider only for what its table says', async () => {
    const other: RoleLimits = { ...ROLES.engineer, provider: 'openrouter', model: 'MiniMax-M3' };

    expect(await failures({}, other)).toEqual({ checks: 4, failed: {} });
  });
});

it('tells of models that retire soon, and of those that are not there', async () => {
  model = await openModel();
  const access = { apiKey: KEY, baseUrl: model.baseURL };
  const found = await lifecycle(
    access,
    ['claude-opus-5-5', 'claude-sonnet-4-5', 'claude-none'],
    new Date('2026-11-21'),
  );

  expect(found.map(({ isGood }) => isGood)).toEqual([true, false, false]);
  expect(found[1]?.detail).toMatch(/retires on 2026-11-30 \(in 9 days\)/);
});

it('is a command that ends with 1 on a finding, and says when it could not probe', async () => {
  model = await openModel(...Object.values({ ...GOOD, two: script('twice', yes) }));
  const run = (env: object, ...args: string[]) =>
    new Promise<{ exit: number; said: string }>((resolve) => {
      const options = { env: { ...process.env, NO_COLOR: '1', SIGNALBOX_MODEL_KEY: '', ...env } };
      execFile(process.execPath, ['bin/cli.ts', 'models', 'check', ...args], options, (error, said) =>
        resolve({ exit: (error?.code as number | undefined) ?? 0, said }),
      );
    });
  const probed = await run({ SIGNALBOX_MODEL_KEY: KEY }, '--base-url', model.baseURL, '--role', 'engineer');

  expect(probed.exit).toBe(1);
  expect(probed.said).toMatch(/FAIL {2}calls two tools at once: 0 calls arrived/);
  expect(await run({})).toMatchObject({ exit: 0, said: expect.stringContaining('Not probed') });
});
