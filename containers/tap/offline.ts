import type { CheckResult } from '#core/runs/run.ts';
import { against, IntegrationKind, type Step } from '#core/taps/step.ts';
import { type Environment, interpreterFor, type Shop } from '../verify/environment.ts';
import { factsAbout } from './about.ts';
import { ETL_CHECKS } from './etl-steps.ts';
import { room } from './room.ts';
import { type Check, checked } from './subject.ts';
import { TAP_CHECKS } from './tap-steps.ts';
import { TARGET_CHECKS } from './target-steps.ts';

/** The steps that need neither a config nor the API: those that every change can be asked. */
const OFFLINE = new Set(['T3', 'T5', 'T7', 'T8', 'G5', 'G6', 'G7', 'G8', 'E3', 'E4', 'E5']);

interface Built {
  tree: string;
  label: string;
  environment: Environment;
}

export interface OfflineChecks {
  checks: CheckResult[];
  /** What could not be told, and why. */
  notVerified: string[];
}

/** The integration's own steps on a change that is installed already; what fails in the same way without it is not its doing. */
export async function offlineChecks(
  shop: Shop,
  kind: string,
  { head, base }: { head: Built; base: Built },
): Promise<OfflineChecks> {
  const { success, data: known } = IntegrationKind.safeParse(kind);
  if (!success) return { checks: [], notVerified: [] };
  const after = await stepsOf(shop, known, head);
  const isRed = after.some(({ verdict }) => verdict === 'FAIL');
  const steps = against(isRed ? await stepsOf(shop, known, base) : [], after);
  const open = steps.filter(({ verdict }) => verdict === 'INCONCLUSIVE');
  return {
    checks: steps.filter(({ verdict }) => verdict !== 'SKIP').map(asCheck),
    notVerified: open.map(({ title, detail }) => `${title}: ${detail}`.slice(0, 500)),
  };
}

async function stepsOf(
  shop: Shop,
  kind: IntegrationKind,
  { tree, label, environment }: Built,
): Promise<Step[]> {
  const interpreter = await interpreterFor(shop, tree);
  if (typeof interpreter === 'string') return [];
  const { hands, folder, signal } = shop;
  const subject = {
    ...{
      facts: await factsAbout(shop, { tree, called: label, kind }),
      shop,
      hands,
      tree,
      label,
      environment,
      interpreter,
    },
    ...{ isLive: false, waivers: {}, mayCorrupt: false, notes: {}, reach: () => {} },
    room: await room({ hands, folder, environment, config: {}, ...(signal && { signal }) }),
  };
  const all: Record<IntegrationKind, Check[]> = { tap: TAP_CHECKS, target: TARGET_CHECKS, etl: ETL_CHECKS };
  return checked(
    all[kind].filter(({ id }) => OFFLINE.has(id)),
    subject,
  );
}

/** What is open is no failure of the change: it is told under what was not verified. */
function asCheck({
  id,
  title,
  verdict,
  detail,
  seconds,
  isPreExisting,
  class: of,
  line = '',
}: Step): CheckResult {
  const because = of ? `${detail} (${of}: ${line})` : detail;
  const check = { id, title, seconds, detail: because.slice(0, 4_000) };
  if (isPreExisting)
    return { ...check, verdict: 'SKIP', detail: `As before the change: ${because}`.slice(0, 4_000) };
  if (verdict === 'INCONCLUSIVE') return { ...check, verdict: 'SKIP' };
  return verdict === 'WARN'
    ? { ...check, verdict: 'PASS', detail: `With a warning: ${because}`.slice(0, 4_000) }
    : { ...check, verdict };
}
