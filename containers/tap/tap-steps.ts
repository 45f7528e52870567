import { readFile } from 'node:fs/promises';
import { isError } from '#core/singer/report.ts';
import { catalogFindings, complaints } from '#core/taps/catalog.ts';
import { dummyConfig, missingSettings } from '#core/taps/facts.ts';
import { type Failure, failureOf } from '#core/taps/failure.ts';
import { list } from '#core/taps/patch.ts';
import { SECRET_NAME } from '#core/taps/redact.ts';
import { allSelected, farAhead, nameOf, readCatalog, replicationKeys } from '#core/taps/selection.ts';
import { about, beginning, lastLine, tests } from './common-steps.ts';
import type { Ran } from './room.ts';
import { coercionTold, faultOf, type Sample, sample } from './sample.ts';
import { smokeTests } from './smoke-tests.ts';
import { staticChecks } from './static-steps.ts';
import { type Check, type Found, failed, failureOfRun, pass, ranBy, type Subject, skip } from './subject.ts';

const id = (number: number) => `T${number}`;

/** What is checked of a tap, in order. T6 and T13 hold its catalog to others, and are added by whoever has those. */
export const TAP_CHECKS: Check[] = [
  ...beginning(id),
  ...staticChecks('T0', 'T2'),
  { ...about, id: 'T3', needs: ['T2'] },
  { ...tests, id: 'T4', needs: ['T2'] },
  { id: 'T5', title: 'It discovers a sound catalog', isMandatory: true, needs: ['T2'], look: discovers },
  { id: 'T7', title: 'It announces the schemas of its catalog', needs: ['T5'], look: announces },
  { id: 'T8', title: 'What was recorded of it is repeated', needs: ['T2'], look: smokeTests },
  { id: 'T9', title: 'A live sample is as its schemas say', isMandatory: true, needs: ['T5'], look: samples },
  { id: 'T10', title: 'It goes on where it stopped', needs: ['T9'], look: goesOn },
  { id: 'T11', title: 'A wrong credential is refused, and not shown', needs: ['T9'], look: refuses },
  { id: 'T12', title: 'Rotated tokens are kept', look: keeps },
];

const STATIC_LIMIT = 120_000;
const DYNAMIC_LIMIT = 300_000;

function runDiscovery({ facts, room, isLive, reach }: Subject): Promise<Ran> {
  reach(isLive ? 'api' : 'nothing');
  return room.run({
    program: facts.script ?? '',
    args: ['--config', 'config.json', '--discover'],
    limit: isLive ? DYNAMIC_LIMIT : STATIC_LIMIT,
    most: 200_000_000,
    ...(!isLive && { instead: dummyConfig(facts) }),
  });
}

/** Where no config is given, the settings that it says it lacks are made up, once. */
async function discovery(subject: Subject): Promise<Ran> {
  const ran = await runDiscovery(subject);
  const lacking = subject.isLive || ran.code === 0 ? [] : missingSettings(ran.stderr);
  if (lacking.length === 0) return ran;
  subject.facts.required.push(...lacking);
  return runDiscovery(subject);
}

async function discovers(subject: Subject): Promise<Found> {
  const { isLive } = subject;
  const ran = await discovery(subject);
  const failure = failureOfRun(ran, subject);
  if (failure?.rule === 'usage' && /--discover\b/.test(failure.line))
    return { ...skip('It knows no --discover: it has no catalog to check'), ...ranBy(ran) };
  if (failure && !isLive && isOfNetwork(failure))
    return {
      ...failed(failure, 'Its catalog comes from its API, which nothing asks without a config', ranBy(ran)),
      advice: 'Say --config FILE.',
    };
  if (failure) return failed(failure, `exit ${ran.code}: ${lastLine(ran.stderr)}`, ranBy(ran));
  const text = await readFile(ran.path, 'utf8');
  const findings = catalogFindings(text);
  const problems = findings.filter(({ grade }) => grade === 'FAIL').map(({ text: said }) => said);
  if (!isLive && readStreams(text) === 0)
    return {
      verdict: 'INCONCLUSIVE',
      detail: 'It names no stream with a config that means nothing: say --config FILE',
      ...ranBy(ran),
    };
  if (problems.length > 0)
    return failed(
      { class: 'CODE_ERROR', rule: 'catalog-unsound', line: problems[0] ?? '' },
      list(problems, 5),
      ranBy(ran),
    );
  const said = complaints(ran.stderr);
  if (said.length > 0) return doubted(said, ran.statuses, ranBy(ran));
  subject.notes.catalog = text;
  const streams = readCatalog(text).streams.map(nameOf);
  const doubts = findings.filter(({ grade }) => grade === 'WARN').map(({ text: said }) => said);
  const how = isLive ? '' : ', with a config that means nothing and no network: it is static';
  const odd = doubts.length > 0 ? `; odd: ${list(doubts, 3)}` : '';
  return pass(`${streams.length} streams${how}${odd}`, { ...ranBy(ran), evidence: { streams, doubts } });
}

/** How many streams a catalog has; nothing if it is none. */
function readStreams(text: string): number | undefined {
  try {
    return readCatalog(text).streams.length;
  } catch {
    return undefined;
  }
}

function isOfNetwork({ class: of, rule }: Failure): boolean {
  return of === 'UPSTREAM' || rule === 'egress-denied' || rule === 'no-resolver';
}

/** A discovery that logged an error may have left streams out, with exit code 0. */
function doubted(said: string[], statuses: number[], ran: Partial<Found>): Found {
  const failure = failureOf({
    code: 1,
    stderr: said.join('\n'),
    statuses: statuses.filter((one) => one >= 400),
  });
  const detail = `It ended well, but logged an error; streams may be missing: ${list(said, 3)}`;
  return { ...failed(failure, detail, ran), verdict: 'INCONCLUSIVE' };
}

async function announces(subject: Subject): Promise<Found> {
  const { facts, room, notes, isLive } = subject;
  if (facts.sdk !== 'hotglue' && facts.sdk !== 'singer-sdk') return skip('only an SDK knows --test=schema');
  const catalog = allSelected(readCatalog(notes.catalog ?? ''));
  subject.reach(isLive ? 'api' : 'nothing');
  const ran = await room.run({
    program: facts.script ?? '',
    args: ['--config', 'config.json', '--catalog', 'catalog.json', '--test=schema'],
    files: { 'catalog.json': JSON.stringify(catalog) },
    ...(!isLive && { instead: dummyConfig(facts) }),
  });
  const failure = failureOfRun(ran, subject);
  if (failure) return failed(failure, `exit ${ran.code}: ${lastLine(ran.stderr)}`, ranBy(ran));
  const said = new Set(
    [...ran.stdout.matchAll(/^\{"type":\s*"SCHEMA",\s*"stream":\s*"([^"]+)"/gm)].map(([, name]) => name),
  );
  const missing = catalog.streams.map((one) => one.stream ?? nameOf(one)).filter((name) => !said.has(name));
  if (missing.length === 0) return pass(`${said.size} schemas`, ranBy(ran));
  return failed(
    { class: 'CODE_ERROR', rule: 'schema-missing', line: list(missing) },
    `no SCHEMA of ${list(missing)}`,
    ranBy(ran),
  );
}

async function samples(subject: Subject): Promise<Found> {
  if (!subject.isLive) return skip('no config was given: say --config FILE to read a few records');
  const taken = await take(subject);
  const { ran, report } = taken;
  const more = { ...ranBy(ran), singer: report, evidence: evidenceOf(taken) };
  const stopped = failureOfRun(ran, subject);
  if (stopped && ran.stopped !== 'most')
    return failed(betterOf(stopped, taken), `exit ${ran.code}: ${lastLine(ran.stderr)}`, more);
  subject.notes.state = report.finalState;
  subject.notes.counts = countsOf(taken);
  subject.notes.isLimited = taken.isLimited;
  const counts = `${sum(taken)} records of ${Object.keys(report.streams).length} streams`;
  if (ran.stopped === 'most' && taken.empty.length > 0)
    return {
      verdict: 'INCONCLUSIVE',
      detail: `${counts}, then it was stopped before ${list(taken.empty)}`,
      ...more,
    };
  const fault = faultOf(taken, Object.keys(subject.waivers));
  if (!fault) return pass(`${counts}, each as its schema says${waived(subject, taken)}`, more);
  const found = failed(fault.failure, `${counts}; ${fault.failure.line}`, more);
  return fault.isError ? found : { ...found, verdict: 'WARN' };
}

/** Records that broke their schema say more of a crash than the crash. */
function betterOf(failure: Failure, { report }: Sample): Failure {
  const isNoise = report.violations.some((one) => isError(one) && one.kind === 'noise');
  return failure.class === 'UNKNOWN' && isNoise
    ? { ...failure, class: 'CODE_ERROR', rule: 'noise' }
    : failure;
}

function take(subject: Subject, state?: unknown): Promise<Sample> {
  const { facts, room, notes } = subject;
  subject.reach('api');
  return sample(room, {
    script: facts.script ?? '',
    catalog: allSelected(readCatalog(notes.catalog ?? '')),
    isHotglue: facts.sdk === 'hotglue',
    ...(state !== undefined && { state }),
  });
}

function countsOf({ report }: Sample): Record<string, number> {
  return Object.fromEntries(Object.entries(report.streams).map(([name, { records }]) => [name, records]));
}

function sum(taken: Sample): number {
  return Object.values(countsOf(taken)).reduce((all, one) => all + one, 0);
}

function evidenceOf(taken: Sample) {
  const { undeclared, coerced, empty, ran } = taken;
  const requests = ran.trace.flatMap((one) =>
    'status' in one ? [`${one.method} ${one.host}${one.path} ${one.status}`] : [],
  );
  return {
    counts: countsOf(taken),
    undeclared,
    coerced: coerced.map(coercionTold),
    empty,
    requests: [...new Set(requests)].slice(0, 50),
  };
}

function waived({ waivers }: Subject, { empty }: Sample): string {
  const used = empty.filter((name) => waivers[name]).map((name) => `${name} (${waivers[name]})`);
  return used.length > 0 ? `; allowed to be empty: ${list(used)}` : '';
}

async function goesOn(subject: Subject): Promise<Found> {
  const { notes } = subject;
  if (notes.isLimited) return skip('the sample was limited, so there is no final state to go on from');
  const streams = replicationKeys(readCatalog(notes.catalog ?? '')).map(([name]) => name);
  if (streams.length === 0) return skip('no stream is incremental');
  if (notes.state === undefined) return skip('it wrote no STATE');
  const again = await take(subject, notes.state);
  const failure = failureOfRun(again.ran, subject);
  if (failure) return failed(failure, `with its own state, exit ${again.ran.code}`, ranBy(again.ran));
  const counts = countsOf(again);
  const more = streams.filter((name) => (counts[name] ?? 0) > (notes.counts?.[name] ?? 0));
  if (more.length > 0)
    return failed(
      wrong('state-ignored', `more records than before of ${list(more)}`),
      'Its state made it read more',
      ranBy(again.ran),
    );
  const ahead = farAhead(notes.state);
  if (ahead === undefined)
    return pass('it went on from its state; its bookmarks hold no times to move', ranBy(again.ran));
  const none = await take(subject, ahead);
  const left = countsOf(none);
  const ignoring = streams.filter((name) => left[name]);
  const stopped = failureOfRun(none.ran, subject);
  if (stopped) return failed(stopped, `with bookmarks in 2999, exit ${none.ran.code}`, ranBy(none.ran));
  if (ignoring.length > 0)
    return failed(
      wrong('bookmark-ignored', `records from before 2999 of ${list(ignoring)}`),
      'It ignores its bookmarks',
      ranBy(none.ran),
    );
  return pass(`again ${sum(again)} records, and none after 2999`, ranBy(again.ran));
}

function wrong(rule: string, line: string): Failure {
  return { class: 'CODE_ERROR', rule, line };
}

async function refuses(subject: Subject): Promise<Found> {
  if (!subject.mayCorrupt) return skip('say --bad-credential to try one: it may lock an account');
  const { room, facts, notes } = subject;
  const names = Object.keys(room.config()).filter((name) => SECRET_NAME.test(name));
  if (names.length === 0) return skip('its config names no credential');
  subject.reach('api');
  const ran = await room.run({
    program: facts.script ?? '',
    args: ['--config', 'config.json', '--catalog', 'catalog.json'],
    files: { 'catalog.json': JSON.stringify(allSelected(readCatalog(notes.catalog ?? ''))) },
    instead: Object.fromEntries(names.map((name) => [name, 'signalbox-wrong-credential'])),
    limit: 60_000,
  });
  const failure = failureOfRun(ran, subject);
  if (failure?.class === 'AUTH') return pass(`refused: ${failure.line}`, ranBy(ran));
  const line = failure?.line ?? 'it ended with 0';
  return failed(
    wrong('bad-credential', line),
    `A wrong credential ended as ${failure?.class ?? 'a success'}`,
    ranBy(ran),
  );
}

async function keeps({ room, isLive }: Subject): Promise<Found> {
  if (!isLive) return skip('no config was given');
  const leak = room.isLeaky() ? '; it prints a secret, which is taken out here' : '';
  const evidence = { rotated: room.rotated(), printsSecrets: room.isLeaky() };
  const lost = room.lost();
  if (lost)
    return {
      verdict: 'FAIL',
      detail: `Rotated and NOT kept: ${lost}`,
      class: 'AUTH',
      rule: 'token-lost',
      evidence,
      advice: 'Sign in anew: the old token may be spent.',
    };
  const detail =
    evidence.rotated.length > 0
      ? `rotated and kept: ${evidence.rotated.join(', ')}`
      : 'it left its config as it was';
  return leak ? { verdict: 'WARN', detail: detail + leak, evidence } : pass(detail, { evidence });
}
