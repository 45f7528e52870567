import type { Facts } from '#core/taps/facts.ts';
import { ADVICE, type Failure, failureOf, isOutside } from '#core/taps/failure.ts';
import type { Digests } from '#core/taps/outputs.ts';
import type { Write } from '#core/taps/repeats.ts';
import type { Step } from '#core/taps/step.ts';
import type { Hands } from '../hands.ts';
import type { Interpreter } from '../python.ts';
import type { Environment, Shop } from '../verify/environment.ts';
import type { Ran, Room } from './room.ts';

/** One commit of an integration, and everything that its checklist may use. */
export interface Subject {
  facts: Facts;
  shop: Shop;
  hands: Hands;
  /** The tree in the workspace. */
  tree: string;
  /** Of its folders: `head` or `base`. */
  label: string;
  room: Room;
  environment: Environment;
  interpreter: Interpreter;
  /** Whether a real config was given: else nothing asks the API. */
  isLive: boolean;
  /** What commands may reach in the phase that begins. */
  reach(phase: Phase): void;
  /** Streams that may be empty, and why. */
  waivers: Record<string, string>;
  /** The path of Singer messages for a target, or of an ETL's folder of input; of ours. */
  input?: string;
  /** A wrong credential may be tried: it could lock an account. */
  mayCorrupt: boolean;
  /** Hosts of an account that a person says may be written to. */
  sandbox?: string[];
  /** The target that is to take an ETL's output; or why it cannot be tried. */
  target?: () => Promise<Subject | string>;
  /** The tree that a change starts from, where this is the change. */
  base?: string;
  /** What steps hand on to later ones. */
  notes: {
    catalog?: string;
    state?: unknown;
    counts?: Record<string, number>;
    isLimited?: boolean;
    outputs?: string;
    digests?: Digests;
    writes?: Write[];
  };
}

export type Phase = 'install' | 'api' | 'sandbox' | 'nothing';

export type Found = Omit<Step, 'id' | 'title' | 'isMandatory' | 'seconds'>;

export interface Check {
  id: string;
  title: string;
  isMandatory?: boolean;
  /** Steps without whose PASS (or WARN) this one says nothing. */
  needs?: string[];
  look(subject: Subject): Promise<Found>;
}

/** Runs a checklist. A step that another one needs and that did not pass stops those alone. */
export async function checked(
  checks: Check[],
  subject: Subject,
  tell?: (step: Step) => void,
): Promise<Step[]> {
  const steps: Step[] = [];
  for (const { id, title, isMandatory = false, needs = [], look } of checks) {
    const began = performance.now();
    const missing = steps.find((one) => needs.includes(one.id) && !['PASS', 'WARN'].includes(one.verdict));
    const found = missing ? skip(`not reached: ${missing.id} did not pass`) : await looked(look, subject);
    const seconds = Math.round(performance.now() - began) / 1_000;
    const step = { id, title, isMandatory, ...found, seconds };
    steps.push(step);
    tell?.(step);
  }
  // Only now every secret is known: a later step may have been the one that a token was rotated in.
  return cleaned(steps, subject.room.redact) as Step[];
}

function cleaned(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((one) => cleaned(one, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, cleaned(one, redact)]));
}

async function looked(look: Check['look'], subject: Subject): Promise<Found> {
  try {
    return await look(subject);
  } catch (error) {
    if (subject.shop.signal?.aborted) throw error;
    return {
      verdict: 'INCONCLUSIVE',
      detail: `The step itself failed: ${(error as Error).message}`.slice(0, 2_000),
    };
  }
}

export function pass(detail: string, more: Partial<Found> = {}): Found {
  return { verdict: 'PASS', detail, ...more };
}

export function skip(detail: string): Found {
  return { verdict: 'SKIP', detail };
}

/** A failure as a finding: what the code is not to blame for leaves the question open. */
export function failed(failure: Failure, detail: string, more: Partial<Found> = {}): Found {
  const verdict = isOutside(failure) ? 'INCONCLUSIVE' : 'FAIL';
  const { class: of, rule, line } = failure;
  return { verdict, detail, class: of, rule, line: line.slice(0, 500), advice: ADVICE[of], ...more };
}

const LOG = 4_000;

/** What every step that ran something keeps of it. */
export function ranBy({ command, code, sha256, stderr }: Ran): Partial<Found> {
  return { command, code, ...(sha256 && { stdoutSha256: sha256 }), log: stderr.slice(-LOG) };
}

const WHY_STOPPED = {
  limit: 'it took too long',
  quiet: 'it said nothing for two minutes',
  most: 'it wrote too much',
  asked: 'somebody stopped it',
};

/** Why a run failed; nothing when it ended with 0. */
export function failureOfRun(
  ran: Ran,
  { facts, room, isLive }: Pick<Subject, 'facts' | 'room' | 'isLive'>,
): Failure | undefined {
  if (ran.code === 0 && !ran.stopped) return undefined;
  const { code, stderr, crash, statuses, signal, stopped } = ran;
  return failureOf({
    ...{ code, stderr, statuses, modules: facts.modules, hasNoConfig: !isLive },
    settings: [...facts.required, ...Object.keys(room.config())],
    ...(crash && { crash }),
    ...(signal && !stopped && { signal }),
    ...(stopped && { stopped: WHY_STOPPED[stopped] }),
  });
}
