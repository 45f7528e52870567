import type { CheckResult } from '#core/runs/run.ts';
import type { Consumer } from '#core/taps/consumers.ts';
import { against, IntegrationKind, type Step } from '#core/taps/step.ts';
import { type Environment, interpreterFor, type Shop } from '../verify/environment.ts';
import { factsAbout } from './about.ts';
import { catalogSteps, type Given, given } from './catalogs.ts';
import { ETL_CHECKS } from './etl-steps.ts';
import { room } from './room.ts';
import { type Check, checked, type Subject } from './subject.ts';
import { TAP_CHECKS } from './tap-steps.ts';
import { TARGET_CHECKS } from './target-steps.ts';

/** The steps that need neither a config nor the API: those that every change can be asked. */
const OFFLINE = ['T3', 'T5', 'T7', 'T8', 'G5', 'G6', 'G7', 'G8', 'G9', 'E3', 'E4', 'E5', 'E6'];
/** Those that want credentials, or somebody's word. */
const LIVE = ['T9', 'T10', 'T11', 'T12', 'G10', 'E7'];
/** The one that says what a tap gives: the commit before is asked for it in any case. */
const CATALOG = ['T5'];

const CHECKS: Record<IntegrationKind, Check[]> = { tap: TAP_CHECKS, target: TARGET_CHECKS, etl: ETL_CHECKS };

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

interface Both {
  head: Built;
  base: Built;
  /** Who reads what; nothing where nobody has said. */
  readers?: Consumer[] | undefined;
}

/** The integration's own steps on a change that is installed already; what fails in the same way without it is not its doing. */
export async function offlineChecks(
  shop: Shop,
  kind: string,
  { head, base, readers }: Both,
): Promise<OfflineChecks> {
  const { success, data: known } = IntegrationKind.safeParse(kind);
  if (!success) return { checks: [], notVerified: [] };
  const after = await looked(shop, known, { ...head, ids: OFFLINE });
  const isRed = after.steps.some(({ verdict }) => verdict === 'FAIL');
  const before = await looked(shop, known, { ...base, ids: isRed ? OFFLINE : CATALOG });
  const steps = against(before.steps, after.steps);
  const more = known === 'tap' ? catalogSteps(after.given, before.given, readers).map(strict) : [];
  const open = [...steps.filter(({ verdict }) => verdict === 'INCONCLUSIVE'), ...more.filter(isLeftOpen)];
  const live = CHECKS[known].filter(({ id }) => LIVE.includes(id)).map(({ id, title }) => `${id}, ${title}`);
  return {
    checks: [
      ...steps.filter(({ verdict }) => verdict !== 'SKIP'),
      ...more.filter((one) => !isLeftOpen(one)),
    ].map(asCheck),
    notVerified: [
      ...open.map(({ title, detail }) => `${title}: ${detail}`.slice(0, 500)),
      `what wants credentials: ${live.join('; ')}`,
    ],
  };
}

const isLeftOpen = ({ verdict }: Step) => verdict === 'SKIP';

/** A change that leaves its own streams out of the documentation is not done. */
function strict(step: Step): Step {
  return step.id === 'T13' && step.verdict === 'WARN' ? { ...step, verdict: 'FAIL' } : step;
}

interface Looked {
  steps: Step[];
  given?: Given;
}

async function looked(
  shop: Shop,
  kind: IntegrationKind,
  { tree, label, environment, ids }: Built & { ids: string[] },
): Promise<Looked> {
  const interpreter = await interpreterFor(shop, tree);
  if (typeof interpreter === 'string') return { steps: [] };
  const { hands, folder, signal } = shop;
  const subject: Subject = {
    ...{ facts: await factsAbout(shop, { tree, called: label, kind }), shop, hands, tree, label },
    ...{
      environment,
      interpreter,
      isLive: false,
      waivers: {},
      mayCorrupt: false,
      notes: {},
      reach: () => {},
    },
    room: await room({ hands, folder, environment, config: {}, ...(signal && { signal }) }),
  };
  const steps = await checked(
    CHECKS[kind].filter(({ id }) => ids.includes(id)),
    subject,
  );
  const { catalog } = subject.notes;
  return { steps, ...(catalog && { given: await given(shop, { tree, environment, catalog }) }) };
}

/** What is open is no failure of the change: it is told under what was not verified. */
function asCheck({
  id,
  title,
  verdict,
  detail,
  seconds,
  isPreExisting,
  isMended,
  class: of,
  line = '',
}: Step): CheckResult {
  const because = of ? `${detail} (${of}: ${line})` : detail;
  const check = { id, title, seconds, detail: because.slice(0, 4_000) };
  if (isPreExisting)
    return { ...check, verdict: 'SKIP', detail: `As before the change: ${because}`.slice(0, 4_000) };
  if (isMended)
    return { ...check, verdict: 'PASS', detail: `Red before the change: ${because}`.slice(0, 4_000) };
  if (verdict === 'INCONCLUSIVE') return { ...check, verdict: 'SKIP' };
  return verdict === 'WARN'
    ? { ...check, verdict: 'PASS', detail: `With a warning: ${because}`.slice(0, 4_000) }
    : { ...check, verdict };
}
