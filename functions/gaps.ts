import { hookUrl } from '#adapters/github/app.ts';
import { appsIn, github } from '#adapters/github/client.ts';
import { githubHook, type Hook, hooksTo } from '#adapters/github/hook.ts';
import { log } from '#adapters/log.ts';
import { Fault } from '#core/fault.ts';
import type { Clock, Deliveries, Projects } from '#core/ports.ts';
import { type Attempt, type Untaken, untaken } from '#core/tickets/gaps.ts';

/** A webhook of a forge that sends to one organization here. */
export interface OurHook {
  org: string;
  name: string;
  hook: Hook;
}

export interface Gap extends Omit<Untaken, 'last'> {
  hook: string;
  did: 'sent again' | 'given up' | 'left for later';
}

interface Needs {
  deliveries: Pick<Deliveries, 'find'>;
  clock: Clock;
}

/** Attempts after which something is not asked for again: it is answered each time, and refused. */
const MOST_ATTEMPTS = 5;
/** Requests of the forge's limit that are left to the work itself. */
const RESERVE = 500;

/**
 * Has the forge send again what it has told since a moment and nobody has taken. It comes by the same door, signed, with the
 * same id: what was taken after all is done once. `isWhole` is false when time or the forge's limit ended it early.
 */
export async function repairGaps(
  { org, name, hook }: OurHook,
  { since, until }: { since: Date; until: Date },
  { deliveries, clock }: Needs,
): Promise<{ gaps: Gap[]; isWhole: boolean }> {
  const { attempts, left, isWhole } = await attemptsSince(hook, since, () => clock.now() < until);
  const gaps: Gap[] = [];
  let mayAsk = left > RESERVE;
  for (const { last, ...one } of untaken(attempts)) {
    if (await deliveries.find(org, 'github', one.guid)) continue;
    const isOver = one.attempts >= MOST_ATTEMPTS;
    mayAsk &&= clock.now() < until;
    if (mayAsk && !isOver) mayAsk = await sentAgain(hook, last);
    gaps.push({ hook: name, ...one, did: isOver ? 'given up' : mayAsk ? 'sent again' : 'left for later' });
  }
  return { gaps, isWhole: isWhole && !gaps.some(({ did }) => did === 'left for later') };
}

/** False when the forge wants to be asked later. What it will not repeat any more (it is too old) is no reason to stop. */
async function sentAgain(hook: Hook, id: number): Promise<boolean> {
  try {
    await hook.redeliver(id);
    return true;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn('a delivery was not sent again', { id, code: error.code, reason: error.message });
    return error.code !== 'Unavailable';
  }
}

async function attemptsSince(hook: Hook, since: Date, hasTime: () => boolean) {
  const found: Attempt[] = [];
  let cursor: string | undefined;
  do {
    const page = await hook.attempts(cursor);
    found.push(...page.attempts.filter(({ at }) => new Date(at) >= since));
    const isOlder = page.attempts.some(({ at }) => new Date(at) < since);
    if (isOlder || !page.cursor) return { attempts: found, left: page.left, isWhole: true };
    if (page.left <= RESERVE) return { attempts: found, left: page.left, isWhole: false };
    cursor = page.cursor;
  } while (hasTime());
  return { attempts: found, left: 0, isWhole: false };
}

/** Webhooks that send here: of each App in the forge's secret, and of repositories where a token may see them. */
export async function ourHooks(
  auth: string,
  { org, projects, publicUrl }: { org: string; projects: Pick<Projects, 'list'>; publicUrl: string },
): Promise<OurHook[]> {
  const url = `${publicUrl.replace(/\/$/, '')}/webhooks/${org}/github`;
  const apps = appsIn(auth);
  const ofApps = await each(apps, async ({ apiUrl, auth: app }) => {
    const client = github(apiUrl, app);
    return (await hookUrl(client)) === url ? [{ client, path: '/app/hook', name: 'App' }] : [];
  });
  const repositories = (await projects.list(org)).flatMap((one) => one.repositories);
  const byToken = repositories.filter(({ apiUrl }) => !apps.some((one) => one.apiUrl === apiUrl));
  const ofRepositories = await each(byToken, async ({ apiUrl, fullName }) => {
    const client = github(apiUrl, auth);
    const ids = await hooksTo(client, fullName, url);
    return ids.map((id) => ({ client, path: `/repos/${fullName}/hooks/${id}`, name: fullName }));
  });
  return [...ofApps, ...ofRepositories].map(({ client, path, name }) => ({
    ...{ org, name, hook: githubHook(client, path) },
  }));
}

/** One that cannot be looked at leaves the others: a token that may not see webhooks is usual. */
async function each<T, R>(all: readonly T[], work: (one: T) => Promise<R[]>): Promise<R[]> {
  const found: R[] = [];
  for (const one of all) {
    try {
      found.push(...(await work(one)));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.info('a webhook cannot be looked at', { code: error.code, reason: error.message });
    }
  }
  return found;
}
