import { join } from 'node:path';
import type { Config } from '#core/taps/credentials.ts';
import { changesBetween, sentence } from '#core/taps/drift.ts';
import type { Facts } from '#core/taps/facts.ts';
import { shapeOf } from '#core/taps/shape.ts';
import { against, type IntegrationKind, type Step, type TapReport, verdictOf } from '#core/taps/step.ts';
import { interpreterFor, type Shop, unpack } from '../verify/environment.ts';
import { factsAbout } from './about.ts';
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
  const before = base === undefined ? undefined : await look(options, facts, { tree: base, label: 'base' });
  const after = await look(options, facts, { tree: head, label: 'head' });
  const compared = before ? [...against(before.steps, after.steps), drift(before, after)] : after.steps;
  const steps = compared.sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
  return {
    ...{ name: facts.name, kind: facts.kind, verdict: verdictOf(steps), sdk: facts.sdk, startedAt },
    ...(after.python && { python: after.python }),
    ...{ head, ...(base !== undefined && { base }) },
    seconds: Math.round(performance.now() - began) / 1_000,
    steps,
  };
}

interface Looked {
  steps: Step[];
  python?: string;
  catalog?: string;
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
  const subject: Subject = {
    ...{ facts, shop, hands: shop.hands, tree, label, interpreter, reach, waivers, mayCorrupt, notes: {} },
    ...(await placeOf(shop, { tree, label, config, credentials, quiet: options.quiet })),
    isLive: options.config !== undefined,
    ...(input !== undefined && { input }),
  };
  const steps = await checked(checks, subject, (step) => tell?.(step, label));
  return {
    steps,
    python: interpreter.version,
    ...(subject.notes.catalog && { catalog: subject.notes.catalog }),
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

/** What a change does to the catalog. A pull request that means to says so; a person looks. */
function drift(before: Looked, after: Looked): Step {
  const step = { id: 'T6', title: 'The catalog is as before the change', isMandatory: false, seconds: 0 };
  if (!before.catalog || !after.catalog)
    return { ...step, verdict: 'SKIP', detail: 'there are not two catalogs to compare' };
  const changes = changesBetween(shapeOf(JSON.parse(before.catalog)), shapeOf(JSON.parse(after.catalog)));
  const breaking = changes.filter(({ severity }) => severity === 'breaking');
  const evidence = { changes: changes.slice(0, 200) };
  if (changes.length === 0) return { ...step, verdict: 'PASS', detail: 'no difference', evidence };
  const detail = `${changes.length} changes, ${breaking.length} of them breaking: ${changes
    .slice(0, 3)
    .map((change) => `${change.kind}, ${sentence(change)}`)
    .join('; ')}`;
  return breaking.length > 0
    ? { ...step, verdict: 'WARN', detail, class: 'SCHEMA_CHANGE', rule: 'catalog-diff', evidence }
    : { ...step, verdict: 'PASS', detail, evidence };
}
