import { join } from 'node:path';
import type { Consumer } from '#core/taps/consumers.ts';
import type { Config } from '#core/taps/credentials.ts';
import type { Facts } from '#core/taps/facts.ts';
import { type Digests, outputChanges } from '#core/taps/outputs.ts';
import { list } from '#core/taps/patch.ts';
import { against, type IntegrationKind, type Step, type TapReport, verdictOf } from '#core/taps/step.ts';
import { environment as installed, interpreterFor, type Shop, unpack } from '../verify/environment.ts';
import { factsAbout } from './about.ts';
import { catalogSteps, type Given, given } from './catalogs.ts';
import { ETL_CHECKS } from './etl-steps.ts';
import { type RoomOptions, room } from './room.ts';
import { type Check, checked, type Phase, type Subject } from './subject.ts';
import { TAP_CHECKS } from './tap-steps.ts';
import { TARGET_CHECKS } from './target-steps.ts';

export interface VerifyOptions {
  shop: Shop;
  /** The tree to look at, and the one that its change starts from. */
  head: string;
  base?: string;
  /** What it is called where nothing in it says so. */
  called: string;
  kind?: IntegrationKind;
  config?: Config;
  credentials?: RoomOptions['credentials'];
  reach(phase: Phase): void;
  waivers?: Record<string, string>;
  input?: string;
  mayCorrupt?: boolean;
  /** Hosts of an account that a person says may be written to. */
  sandbox?: string[];
  /** The tree of the target that is to take an ETL's output. */
  target?: string;
  /** Who reads what; nothing where nobody has said. */
  readers?: Consumer[];
  quiet?: number;
  startedAt: string;
  /** Told of each step as it ends. */
  tell?(step: Step, of: 'base' | 'head'): void;
}

const CHECKS: Record<IntegrationKind, Check[]> = { tap: TAP_CHECKS, target: TARGET_CHECKS, etl: ETL_CHECKS };

/** Runs the checklist of a tap, target or ETL: on the commit that a change starts from first, then with the change. */
export async function verifyIntegration(options: VerifyOptions): Promise<TapReport> {
  const began = performance.now();
  const { shop, head, base, startedAt } = options;
  const facts = await factsAbout(shop, {
    tree: head,
    called: options.called,
    ...(options.kind && { kind: options.kind }),
  });
  const before = base === undefined ? undefined : await lookBefore(options, facts, base);
  const after = await look(options, facts, { tree: head, label: 'head' });
  const own = before ? regressed(against(before.steps, after.steps), before, after) : after.steps;
  const more = facts.kind === 'tap' ? catalogSteps(after.given, before?.given, options.readers) : [];
  const steps = [...own, ...more.filter(({ id }) => before || id !== 'T6')].sort((a, b) =>
    a.id.localeCompare(b.id, 'en', { numeric: true }),
  );
  return {
    ...{ name: facts.name, kind: facts.kind, verdict: verdictOf(steps), sdk: facts.sdk, startedAt },
    ...(after.python && { python: after.python }),
    ...{ head, ...(base !== undefined && { base }) },
    seconds: Math.round(performance.now() - began) / 1_000,
    steps,
  };
}

/** The commit before may need other settings and install another command. */
async function lookBefore(options: VerifyOptions, { kind }: Facts, base: string): Promise<Looked> {
  const facts = await factsAbout(options.shop, { tree: base, called: options.called, kind });
  return look(options, facts, { tree: base, label: 'base' });
}

/** Where an ETL has no recordings, its output is held to that of the commit before, on the same input. */
function regressed(steps: Step[], before: Looked, after: Looked): Step[] {
  const { digests: was } = before;
  const { digests: is } = after;
  if (!was || !is) return steps;
  const found = outputChanges(was, is);
  const outcome =
    found.length === 0
      ? ({ verdict: 'PASS', detail: 'its output is that of the commit before' } as const)
      : ({
          verdict: 'WARN',
          detail: `not as before: ${list(found, 5)}`,
          evidence: { found: found.slice(0, 200) },
        } as const);
  return steps.map((step) => (step.id === 'E5' && step.verdict === 'SKIP' ? { ...step, ...outcome } : step));
}

interface Looked {
  steps: Step[];
  digests?: Digests;
  python?: string;
  given?: Given;
}

async function look(
  options: VerifyOptions,
  facts: Facts,
  { tree, label }: { tree: string; label: 'head' | 'base' },
): Promise<Looked> {
  const { shop, config = {}, credentials, reach, waivers = {}, input, mayCorrupt = false, tell } = options;
  const interpreter = await interpreterFor(shop, tree);
  const checks = CHECKS[facts.kind];
  if (typeof interpreter === 'string') return { steps: withoutPython(checks, interpreter) };
  const { sandbox, base, target } = options;
  const subject: Subject = {
    ...{ facts, shop, hands: shop.hands, tree, label, interpreter, reach, waivers, mayCorrupt, notes: {} },
    ...(await placeOf(shop, { tree, label, config, credentials, quiet: options.quiet })),
    isLive: options.config !== undefined,
    ...(input !== undefined && { input }),
    ...(sandbox && label === 'head' && { sandbox }),
    ...(base !== undefined && label === 'head' && { base }),
    ...(target !== undefined && label === 'head' && { target: () => targetAt(options, target) }),
  };
  const steps = await checked(checks, subject, (step) => tell?.(step, label));
  const { environment, notes } = subject;
  const { catalog, digests } = notes;
  return {
    steps,
    python: interpreter.version,
    ...(digests && { digests }),
    ...(catalog && { given: await given(shop, { tree, environment, catalog }) }),
  };
}

/** A target beside the ETL that is looked at, which has no config: the one that is given is the target's. What it makes of it is forgotten. */
async function targetAt({ shop, reach, config }: VerifyOptions, tree: string): Promise<Subject | string> {
  const interpreter = await interpreterFor(shop, tree);
  if (typeof interpreter === 'string') return interpreter;
  reach('install');
  const environment = await installed(shop, { tree, name: 'target', interpreter });
  if (environment.install.verdict !== 'PASS')
    return `the target does not install: ${environment.install.detail}`;
  const facts = await factsAbout(shop, { tree, called: 'the target', kind: 'target' });
  const { hands, folder, signal } = shop;
  return {
    ...{ facts, shop, hands, tree, label: 'target', interpreter, reach, environment, notes: {} },
    ...{ waivers: {}, mayCorrupt: false, isLive: config !== undefined },
    room: await room({ hands, folder, environment, config: config ?? {}, ...(signal && { signal }) }),
  };
}

async function placeOf(
  shop: Shop,
  {
    tree,
    label,
    ...with_
  }: { tree: string; label: string } & Pick<RoomOptions, 'config' | 'credentials' | 'quiet'>,
): Promise<Pick<Subject, 'environment' | 'room'>> {
  const place = await unpack(shop, tree, label);
  const bin = join(place, 'venv', 'bin');
  const install = { id: 'install', title: '', verdict: 'SKIP' as const, detail: '', seconds: 0 };
  const paths = { repository: join(place, 'repository'), out: join(place, 'out'), venv: join(place, 'venv') };
  const environment = { ...paths, bin, python: join(bin, 'python'), install };
  const { hands, folder, signal } = shop;
  return {
    environment,
    room: await room({ hands, folder, environment, ...with_, ...(signal && { signal }) }),
  };
}

/** No interpreter fits: that is about this machine, so nothing is said of the code. */
function withoutPython(checks: Check[], why: string): Step[] {
  return checks.map(({ id, title, isMandatory = false }, index) => {
    const step = { id, title, isMandatory, seconds: 0 };
    if (index > 0) return { ...step, verdict: 'SKIP', detail: 'not reached: no interpreter fits' };
    return {
      ...step,
      verdict: 'INCONCLUSIVE',
      detail: why,
      class: 'INSTALL',
      rule: 'python-version',
      line: why,
      advice: 'Install such a Python, or widen requires-python.',
    };
  });
}
