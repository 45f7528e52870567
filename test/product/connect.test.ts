import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GitHubDouble, githubDouble } from '../support/github-app.ts';
import { type RunningProduct, session, startedProduct } from '../support/product.ts';
import { SLACK_APP, type SlackDouble, slackDouble, TEAM } from '../support/slack/double.ts';

interface Ended {
  code: number;
  out: string;
  errors: string;
}

describe('signalbox connect', { timeout: 120_000 }, () => {
  let product: RunningProduct;
  let forge: GitHubDouble;
  let workspace: SlackDouble;
  let jira: JiraDouble;
  let token: string;
  let vault: SecretsManagerClient;
  const said: string[] = [];

  beforeAll(async () => {
    product = await startedProduct('--no-demo');
    [forge, workspace, jira] = [
      await githubDouble({ isPingLost: !process.env.SIGNALBOX_FULL }),
      await slackDouble({ now: () => new Date() }),
      await jiraDouble(),
    ];
    token = await session(product, 'lead@demo.example');
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    vault = new SecretsManagerClient({ endpoint: product.aws, region: 'us-east-1', credentials });
  }, 90_000);

  afterAll(async () => {
    expect(forge?.unlike).toEqual([]);
    await Promise.all([forge?.stop(), workspace?.stop(), jira?.stop()]);
    await product?.stop();
  });

  /** The command in a process of its own, as a program runs it; `seen` is given each thing that the person has to do. */
  async function connect(
    args: string[],
    answers: Record<string, string> = {},
    seen: (todo: string) => unknown = () => {},
  ): Promise<Ended> {
    const where = ['--url', product.dashboard, '--aws', product.aws, '--org', 'demo'];
    const child = spawn(process.execPath, ['bin/cli.ts', '--json', 'connect', ...args, ...where], {
      env: { ...process.env, SIGNALBOX_TOKEN: token },
    });
    child.stdin.end(JSON.stringify(answers));
    const ended = Promise.all([text(child.stdout), errorsOf(child, seen), once(child, 'exit')]);
    const [out, errors, [code]] = await ended;
    said.push(out, errors, ...args);
    return { code, out, errors };
  }

  async function errorsOf({ stderr }: ChildProcess, seen: (todo: string) => unknown): Promise<string> {
    let all = '';
    for await (const chunk of stderr ?? []) {
      all += chunk;
      for (const line of String(chunk).split('\n'))
        if (line.includes('"todo"')) void seen(JSON.parse(line).todo);
    }
    return all;
  }

  const kept = async (SecretId: string) =>
    JSON.parse((await vault.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? '');

  /** What a browser does with our page: sends its form to GitHub, and goes where GitHub says. */
  async function press(todo: string): Promise<void> {
    const ours = /http:\/\/127\.0\.0\.1:\d+\//.exec(todo)?.[0];
    if (todo.startsWith('Open this page') && ours) {
      const page = await (await fetch(ours)).text();
      const entities = (words = '') => words.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
      const action = entities(/action="([^"]*)"/.exec(page)?.[1]);
      const manifest = entities(/name="manifest" value="([^"]*)"/.exec(page)?.[1]);
      expect((await fetch(`${ours}made?code=theirs&state=wrong`)).status).toBe(404);
      await fetch(action, { method: 'POST', body: new URLSearchParams({ manifest }) });
    }
    if (todo.includes('Install it')) forge.install('acme');
  }

  it('github: makes an App by its manifest, keeps its secrets, and sees GitHub deliver a test', async () => {
    const { code, out, errors } = await connect(
      ['github', '--github', forge.url, '--owner', 'acme'],
      {},
      press,
    );

    expect(code, errors).toBe(0);
    expect(JSON.parse(out).checks).toMatchObject([
      { what: 'App', ok: true },
      { what: 'webhook secret', ok: true, detail: expect.stringContaining('one before it') },
      { what: 'webhook', ok: true, detail: expect.stringContaining('ping was taken') },
    ]);
    expect(forge.asked).toContainEqual(
      expect.stringMatching(/^POST \/organizations\/acme\/settings\/apps\/new/),
    );
    expect(forge.manifests[0]).toMatchObject({
      public: false,
      hook_attributes: { url: `${product.dashboard}/webhooks/demo/github` },
      default_permissions: { contents: 'write', issues: 'write', metadata: 'read', pull_requests: 'write' },
    });
    expect((await kept('signalbox/webhooks/demo/github')).secrets).toEqual([
      forge.secrets[0],
      JSON.parse(readFileSync(product.webhookSecrets, 'utf8')).webhooks.github,
    ]);
  });

  const APP = { ...SLACK_APP, signingSecret: SLACK_APP.signingSecrets[0] as string };
  const slackAnswers = {
    ...{ signingSecret: APP.signingSecret, botToken: APP.botToken },
    ...{ clientId: APP.clientId, clientSecret: APP.clientSecret },
  };
  const slackArgs = ['slack', '--slack', ''];

  it('slack: takes the app, says hello in a channel, and hears events that it signs', async () => {
    slackArgs[2] = workspace.url;
    const { code, out, errors } = await connect(
      [...slackArgs, '--channel', 'C1', '--watch', 'C1'],
      slackAnswers,
    );

    expect(code, errors).toBe(0);
    expect(JSON.parse(out).checks).toMatchObject([
      { ok: true },
      { ok: true },
      { what: 'test message', ok: true },
    ]);
    expect(workspace.posted.at(-1)).toMatchObject({ channel: 'C1' });
    expect(await kept('signalbox/slack/demo')).toMatchObject({ teams: [TEAM], watch: ['C1'] });
    const make = new URL(/https:\/\/api\.slack\.com\S+?(?=")/.exec(errors)?.[0] ?? '');
    const { settings } = JSON.parse(make.searchParams.get('manifest_json') ?? '');
    expect(settings.event_subscriptions.request_url).toBe(`${product.dashboard}/webhooks/slack/demo/events`);
  });

  it('slack: another signing secret is the second live one; a token that is no good changes nothing', async () => {
    const before = await kept('signalbox/slack/demo');
    const bad = await connect(slackArgs, { ...slackAnswers, botToken: 'xoxb-somebody-else' });
    expect(bad).toMatchObject({ code: 2, errors: expect.stringContaining('Nothing was kept') });
    expect(await kept('signalbox/slack/demo')).toEqual(before);

    const signingSecret = 'another signing secret of theirs';
    expect((await connect(slackArgs, { ...slackAnswers, signingSecret })).code).toBe(0);
    expect(await kept('signalbox/slack/demo')).toMatchObject({
      signingSecrets: [signingSecret, APP.signingSecret],
      watch: ['C1'],
    });
  });

  const jiraAnswers = () => ({ site: jira.url, email: 'bot@acme.example', token: jira.token });

  it('jira: registers the webhook with a new secret, comments, and changes the same webhook next time', async () => {
    const first = await connect(['jira', '--private', '--issue', 'OPS-1'], jiraAnswers());
    const second = await connect(['jira', '--private'], jiraAnswers());
    const { secrets } = await kept('signalbox/webhooks/demo/jira');

    expect([first.errors, first.code, second.code]).toEqual(['', 0, 0]);
    expect(jira.comments).toEqual(['OPS-1']);
    expect(jira.webhooks).toMatchObject([
      { url: `${product.dashboard}/webhooks/demo/jira`, secret: secrets[0] },
    ]);
    expect(secrets).toHaveLength(2);
  });

  it('jira: says what to enter by hand where the user is no administrator', async () => {
    jira.isAdmin = false;
    const without = await connect(['jira', '--private'], jiraAnswers());
    const webhookSecret = 'what Jira generated, long enough';
    const given = await connect(['jira', '--private'], { ...jiraAnswers(), webhookSecret });

    expect(without).toMatchObject({ code: 1, errors: expect.stringContaining('/plugins/servlet/webhooks') });
    expect(given.code).toBe(0);
    expect((await kept('signalbox/webhooks/demo/jira')).secrets[0]).toBe(webhookSecret);
  });

  it('email: says that the sender is verified, and sends a mail', async () => {
    const { code, out } = await connect([
      'email',
      '--from',
      'signalbox@demo.example',
      '--to',
      'you@demo.example',
    ]);
    const mails = await (await fetch(`${product.mailbox}/mails.json?to=you@demo.example`)).json();

    expect({ code, checks: JSON.parse(out).checks }).toMatchObject({
      code: 0,
      checks: [{ ok: true }, { ok: true }],
    });
    expect(mails).toMatchObject([{ subject: 'Signalbox: a test' }]);
  });

  it('github: run again it rotates: two secrets are live, and GitHub signs with the new one', async () => {
    const before = (await kept('signalbox/webhooks/demo/github')).secrets;
    const { code, out, errors } = await connect(['github', '--github', forge.url]);
    expect(code, errors).toBe(0);
    const after = (await kept('signalbox/webhooks/demo/github')).secrets;

    expect({ code, checks: JSON.parse(out).checks }).toMatchObject({
      code: 0,
      checks: [{}, {}, { ok: true }],
    });
    expect(after).toEqual([forge.secrets.at(-1), before[0]]);
    expect(forge.manifests).toHaveLength(1);
  });

  it('status: says what works, what does not and what to do, and when each was heard from', async () => {
    workspace.failures.set('auth.test', ['token_revoked']);
    const { code, out } = await connect(['status', '--slack', workspace.url]);
    const found = JSON.parse(out);
    const of = (source: string) => found.find((one: { source: string }) => one.source === source);

    expect(code).toBe(1);
    expect(of('github')).toMatchObject({ connected: true, heardAt: expect.stringMatching(/^20/) });
    expect(JSON.stringify(of('github').checks)).toContain('installed at acme');
    expect(of('slack').checks[0]).toMatchObject({
      ok: false,
      detail: expect.stringContaining('token_revoked'),
    });
    expect(of('jira').checks).toMatchObject([{ ok: true }, { ok: true, detail: '2 live' }]);
    expect(of('hotglue')).toMatchObject({ connected: false });
  });

  it('says no secret: not in its output, not in its arguments, not in an address', async () => {
    const all = [...said, ...forge.asked, ...jira.asked].join('\n');
    const secrets = [...forge.secrets, APP.botToken, APP.signingSecret, APP.clientSecret, jira.token];

    expect(
      secrets.filter((one) => all.includes(one) || all.includes(JSON.stringify(one).slice(1, -1))),
    ).toEqual([]);
  });
});

interface JiraDouble {
  url: string;
  token: string;
  isAdmin: boolean;
  webhooks: { self: string; url: string; secret?: string }[];
  comments: string[];
  asked: string[];
  stop(): Promise<unknown>;
}

/** A Jira, as far as connecting one goes. It never tells a webhook's secret. */
async function jiraDouble(): Promise<JiraDouble> {
  const answer = (method: string, path: string, sent: string): [number, unknown] => {
    const comment = /^\/rest\/api\/3\/issue\/([^/]+)\/comment$/.exec(path)?.[1];
    if (path === '/rest/api/3/myself') return [200, { displayName: 'Signalbox' }];
    if (comment) return [201, { id: double.comments.push(comment) }];
    if (!path.startsWith('/rest/webhooks/1.0/webhook')) return [404, {}];
    if (!double.isAdmin) return [403, {}];
    if (method === 'GET') return [200, double.webhooks.map(({ secret: _, ...one }) => one)];
    const self = `${double.url}/rest/webhooks/1.0/webhook/1`;
    double.webhooks = [{ ...JSON.parse(sent), self }];
    return [method === 'POST' ? 201 : 200, {}];
  };
  const server: Server = createServer(async (request, response) => {
    const sent = await text(request);
    double.asked.push(`${request.method} ${request.url}`);
    const basic = `Basic ${Buffer.from(`bot@acme.example:${double.token}`).toString('base64')}`;
    const isKnown = request.headers.authorization === basic;
    const [status, body] = isKnown ? answer(request.method ?? '', request.url ?? '', sent) : [401, {}];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const double: JiraDouble = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ token: 'ATATT-a-token-of-jira', isAdmin: true, webhooks: [], comments: [], asked: [] },
    stop: () => new Promise((done) => server.close(done)),
  };
  return double;
}
