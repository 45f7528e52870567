import { appFrom, appItself, hookUrl, installations, type Made, setHook } from '#adapters/github/app.ts';
import { type GitHub, github } from '#adapters/github/client.ts';
import { githubHook } from '#adapters/github/hook.ts';
import { Fault } from '#core/fault.ts';
import type { Attempt } from '#core/tickets/gaps.ts';
import { CommandError, EXIT } from '../terminal.ts';
import { type App, forgeAccess, keepForgeAccess } from './forge-access.ts';
import { freshSecret, rotateWebhook } from './live.ts';
import { codeFromGitHub, manifestOf } from './manifest.ts';
import { type Check, checked, type Place, until } from './place.ts';

export interface GitHubOptions {
  /** `https://github.com`, or a GitHub Enterprise. */
  github: string;
  /** The GitHub organization that shall own the App; a person's own without. */
  owner?: string;
  forgeSecret?: string;
  /** Make another App though there is one. */
  new?: boolean;
  /** Seconds to wait for the person in the browser. */
  patience: string;
}

/** Makes a GitHub App by its manifest, waits for its installation, and has GitHub send a test; with an App already there, rotates its secret. */
export async function connectGitHub(place: Place, options: GitHubOptions): Promise<Check[]> {
  const { secrets, org, api, guide } = place;
  const host = new URL(options.github).host;
  const apiUrl = apiOf(options.github);
  const access = await forgeAccess(secrets, options.forgeSecret);
  const there = access.hosts[host];
  const hook = `${api.url}/webhooks/${org}/github`;
  if (there && typeof there !== 'string' && !options.new) {
    const app = await installed(place, { app: { ...there, apiUrl }, apiUrl, options });
    await keepForgeAccess(secrets, access, { host, app });
    return rotate(place, asApp(apiUrl, app), hook);
  }
  const code = await codeFromGitHub({
    web: options.github,
    owner: options.owner,
    manifest: (redirect) => manifestOf({ org, url: api.url, hook, redirect }),
    say: guide,
    patienceMs: Number(options.patience) * 1000,
  });
  const made = await appFrom(apiUrl, code);
  const app = { appId: made.id, privateKey: made.pem, apiUrl };
  // At once: GitHub shows these two never again.
  await keepForgeAccess(secrets, access, { host, app });
  const live = await rotateWebhook(secrets, { org, source: 'github', fresh: made.webhook_secret });
  guide(`The App ${made.slug} is made. Install it on the repositories: ${installPage(made)}`);
  const whole = await installed(place, { app, apiUrl, options, page: installPage(made) });
  await keepForgeAccess(secrets, access, { host, app: whole });
  const client = asApp(apiUrl, whole);
  return [appCheck(made.slug, whole), secretsCheck(live), await testHook(client)];
}

export function apiOf(web: string): string {
  const { origin, host } = new URL(web);
  return host === 'github.com' ? 'https://api.github.com' : `${origin}/api/v3`;
}

export function asApp(apiUrl: string, app: App): GitHub {
  return github(apiUrl, JSON.stringify(app));
}

const installPage = ({ html_url }: Pick<Made, 'html_url'>) => `${html_url}/installations/new`;

/** The App with the installation that it works through: waits until somebody has installed it. */
async function installed(
  { guide }: Place,
  { app, apiUrl, options, page }: { app: App; apiUrl: string; options: GitHubOptions; page?: string },
): Promise<App> {
  const client = asApp(apiUrl, app);
  const look = async () => {
    const all = await installations(client);
    return all.find(({ login }) => login === options.owner) ?? all[0];
  };
  if (!page && !(await look()))
    guide(`Install the App: ${installPage({ html_url: (await appItself(client)).url })}`);
  const found = await until(look, { forMs: Number(options.patience) * 1000, everyMs: 2_000 });
  if (found) return { ...app, installationId: found.id };
  throw new CommandError(
    'Nobody has installed the App in time. Install it, and run the same command again: it goes on from there.',
    EXIT.later,
  );
}

/** The old secret counts until GitHub has the new one, and stays the second until the next rotation. */
async function rotate({ secrets, org }: Place, app: GitHub, url: string): Promise<Check[]> {
  const fresh = freshSecret();
  const live = await rotateWebhook(secrets, { org, source: 'github', fresh });
  await setHook(app, { url, secret: fresh });
  const { slug } = await appItself(app);
  return [{ what: 'App', ok: true, detail: slug }, secretsCheck(live), await testHook(app)];
}

function appCheck(slug: string, { installationId }: App): Check {
  return { what: 'App', ok: true, detail: `${slug}, installed (${installationId})` };
}

export function secretsCheck(live: number): Check {
  const detail = live > 1 ? 'rotated: the new and the one before it count' : 'one is live';
  return { what: 'webhook secret', ok: true, detail };
}

/** Milliseconds within which a new secret counts everywhere: a wrong signature reads it again, at most every half minute. */
const SETTLED = 75_000;

/** Has GitHub deliver once more what it delivered last (its `ping`, at first), until the product has taken it. */
export async function testHook(app: GitHub): Promise<Check> {
  return checked('webhook', async () => {
    const hook = githubHook(app, '/app/hook');
    const last = await until(async () => (await hook.attempts()).attempts[0], {
      forMs: 10_000,
      everyMs: 1_000,
    });
    if (!last) return `sends to ${await hookUrl(app)}; GitHub has nothing yet that it could send as a test`;
    const taken = await until(
      async () => {
        await hook.redeliver(last.id);
        return until(async () => isTaken((await hook.attempts()).attempts, last), {
          forMs: 8_000,
          everyMs: 500,
        });
      },
      { forMs: SETTLED, everyMs: 5_000 },
    );
    if (taken) return `GitHub's ${last.event} was taken by ${await hookUrl(app)}`;
    const { attempts } = await hook.attempts();
    const answered = attempts.find(({ guid }) => guid === last.guid)?.status;
    throw new Fault(
      'Unavailable',
      `GitHub gets ${answered || 'no answer'} from ${await hookUrl(app)}: can GitHub reach that address, and is the product up?`,
    );
  });
}

function isTaken(attempts: Attempt[], last: Attempt): true | undefined {
  const again = attempts.find(({ guid, id }) => guid === last.guid && id > last.id);
  return again && again.status >= 200 && again.status < 300 ? true : undefined;
}
