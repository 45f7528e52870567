import { readFile } from 'node:fs/promises';
import { Fault } from '#core/fault.ts';
import { HOST_PATTERN, hosts } from '#core/taps/added.ts';
import { catalogProblems, complaints } from '#core/taps/catalog.ts';
import type { Seen } from '#core/taps/check.ts';
import { type Credentials, digestOf, parsedConfig } from '#core/taps/credentials.ts';
import type { Discovery } from '#core/taps/discovery.ts';
import type { Facts } from '#core/taps/facts.ts';
import { type Failure, isOutside } from '#core/taps/failure.ts';
import type { Waiver } from '#core/taps/finding.ts';
import { brokenOff, type Sampled, sampledOf } from '#core/taps/sampled.ts';
import { allSelected, type Catalog, nameOf, readCatalog } from '#core/taps/selection.ts';
import type { Contained } from '../contained.ts';
import { untilAnswered } from '../steady.ts';
import type { Environment, Shop } from '../verify/environment.ts';
import { type Room, room } from './room.ts';
import { isCut, type Sample, sample } from './sample.ts';
import { failureOfRun } from './subject.ts';

export interface Live {
  shop: Shop & { hands: Contained };
  environment: Environment;
  commit: string;
  facts: Facts;
  discovery: Discovery;
  waivers: Waiver[];
  credentials: Credentials;
  tenant: string;
  /** Told when others were waited for. */
  progress(): void;
}

/** What a tap shows with its tenant's config: its catalog, and what a few records add to that. */
export type Shown = Pick<Seen, 'sampled' | 'unsampled'> & { catalog: string; config: string };

/** Runs a tap with its tenant's config, alone with it. Whatever a run makes of the config is kept at once; nothing that is answered or thrown holds a secret of it. */
export function lookLive(live: Live): Promise<Shown> {
  const { credentials, shop, environment, tenant } = live;
  return credentials.alone(async () => {
    live.progress();
    const { text, version } = await credentials.read();
    const write: Credentials['write'] = (next, since) => untilAnswered(() => credentials.write(next, since));
    const { hands, folder, signal } = shop;
    const made = await room({
      ...{ hands, folder, environment, config: parsedConfig(text), credentials: { write, version } },
      ...(signal && { signal }),
    });
    try {
      // What a lead has put there names hosts as the code does.
      hands.reach(hosts(`${await shop.workspace.grep(live.commit, HOST_PATTERN)}\n${text}`));
      const shown = await shownBy(live, made);
      return { ...shown, config: digestOf(made.config(), tenant) };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new Fault(error.code, made.redact(error.message));
    }
  });
}

async function shownBy(live: Live, made: Room): Promise<Omit<Shown, 'config'>> {
  const catalog = await discovered(live, made);
  const taken = live.discovery === 'dynamic' ? {} : await sampled(live, made, catalog);
  const lost = made.lost();
  const unsampled = [taken.unsampled, lost && `a rotated token could not be kept: ${lost}`].filter(Boolean);
  return {
    catalog: made.redactNamed(catalog),
    ...JSON.parse(made.redactNamed(JSON.stringify(taken))),
    ...(unsampled.length > 0 && { unsampled: made.redact(unsampled.join('; ')).slice(0, 1_000) }),
  };
}

const LIMIT = 300_000;
const MOST_CATALOG = 50_000_000;

async function discovered({ facts, waivers }: Live, made: Room): Promise<string> {
  const ran = await made.run({
    program: facts.script ?? '',
    args: ['--config', 'config.json', '--discover'],
    limit: LIMIT,
    most: MOST_CATALOG,
  });
  const failure = failureOfRun(ran, { facts, room: made, isLive: true });
  if (failure) throw new Fault('Invalid', `Discovery failed: ${told(failure)}`);
  const text = await readFile(ran.path, 'utf8');
  const wrong = [...catalogProblems(text, waivers), ...complaints(ran.stderr)];
  if (wrong.length === 0) return text;
  throw new Fault('Invalid', `Discovery failed: ${wrong.join('; ').slice(0, 2_000)}`);
}

/** Of a tap that cannot be told to stop early: its API is not there for us alone. */
const LONG = { limit: 120_000, most: 16_000_000 };

async function sampled(
  { facts }: Live,
  made: Room,
  text: string,
): Promise<Pick<Seen, 'sampled' | 'unsampled'>> {
  const catalog = allSelected(readCatalog(text));
  const isHotglue = facts.sdk === 'hotglue';
  const options = {
    script: facts.script ?? '',
    catalog,
    isHotglue,
    ...(isHotglue ? { limit: LIMIT } : LONG),
  };
  const taken = await sample(made, options);
  const failure = failureOfRun(taken.ran, { facts, room: made, isLive: true });
  if (!failure) return { sampled: seenIn(taken, catalog) };
  if (isCut(taken)) {
    const isKnown = facts.sdk === 'singer-sdk' && taken.empty.length > 0;
    const rest = isKnown ? complete(await sample(made, { ...options, isTest: true }), catalog) : {};
    const found = { ...rest, ...complete(taken, catalog) };
    if (Object.keys(found).length > 0) return { sampled: found };
  }
  const why = told(failure);
  if (isOutside(failure) || !BLAMED.includes(failure.class)) return { unsampled: why };
  return {
    sampled: brokenOff(seenIn(taken, catalog), placeOf(taken), made.redact(why)),
    unsampled: why,
  };
}

function seenIn({ report, undeclared, coerced }: Sample, { streams }: Catalog): Sampled {
  return sampledOf(report, { undeclared, coerced, asked: streams.map((one) => one.stream ?? nameOf(one)) });
}

/** Of a run that was stopped: what has no record by then may have some later. */
function complete(taken: Sample, catalog: Catalog): Sampled {
  return brokenOff(seenIn(taken, catalog));
}

/** What an API can do to code that has not changed. */
const BLAMED: Failure['class'][] = ['API_CHANGE', 'SCHEMA_CHANGE', 'DATA_QUALITY', 'CODE_ERROR'];

const told = ({ class: of, rule, line }: Failure) => `${of}, ${rule}: ${line.slice(0, 300)}`;

/** The stream that a run was at: the last that it announced. */
function placeOf({ report, empty }: Sample): string | undefined {
  return Object.keys(report.streams).at(-1) ?? empty[0];
}
