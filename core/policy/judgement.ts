import type * as z from 'zod';
import type { Mode, Over, Risk } from '../approvals/approval.ts';
import type { AskedBy } from './policy.ts';

/** A limit that the action is over, in words. */
export type Exceeded = z.infer<typeof Over>;

/** How people are asked, once every rule has had its say. */
export interface Asking {
  groups: string[];
  quorum: number;
  selfApproval: boolean;
  channels: AskedBy[];
  stepUp: 'none' | 'reauth' | 'passkey';
  ttlSeconds: number;
  remindSeconds: number[];
  escalate: { afterSeconds: number; groups: string[] }[];
  hours: 'business' | 'always';
}

/** What one rule says about one action. */
export interface Opinion {
  mode: Mode;
  risk: Risk;
  /** The rules that say so, by id; the platform's own begin with `platform.`. */
  rules: string[];
  over: Exceeded[];
  /** There when people are asked: mode `ask` or `require_approval`. */
  approval?: Asking | undefined;
  /** JSON pointers that an approver may change. */
  modifiable: string[];
}

/** What a policy says about one action, with the policy's name. */
export interface Judgement extends Opinion {
  policyVersion: number;
  policyHash: string;
}

export const MODES: readonly Mode[] = ['auto', 'ask', 'require_approval', 'deny'];
export const RISKS: readonly Risk[] = ['low', 'medium', 'high'];
const STEP_UPS = ['none', 'reauth', 'passkey'] as const;

/**
 * Every opinion at once: the strictest mode and the highest risk. Where people are asked, those of that mode count
 * together: the largest quorum, the shortest time, the people of the strictest. The order of opinions does not matter.
 */
export function strictest(opinions: readonly Opinion[]): Opinion {
  const leader = opinions.reduce((one, other) => (compare(one, other) >= 0 ? one : other));
  const deciding = opinions.filter(({ mode }) => mode === leader.mode);
  const risk = highest(
    RISKS,
    opinions.map((one) => one.risk),
  );
  return {
    mode: leader.mode,
    risk,
    rules: distinct(deciding.flatMap(({ rules }) => rules)),
    over: distinctOver(opinions.flatMap((one) => one.over)),
    ...(leader.approval && { approval: merged(leader.approval, deciding, risk) }),
    modifiable: leader.modifiable,
  };
}

function merged(leader: Asking, deciding: readonly Opinion[], risk: Risk): Asking {
  const all = deciding.flatMap(({ approval }) => approval ?? []);
  const ttlSeconds = Math.min(...all.map((one) => one.ttlSeconds));
  const channels = leader.channels.filter((channel) => all.every((one) => one.channels.includes(channel)));
  const stepUps = all.map(({ stepUp }) => stepUp);
  return {
    groups: leader.groups,
    quorum: Math.max(...all.map(({ quorum }) => quorum)),
    selfApproval: all.every(({ selfApproval }) => selfApproval),
    channels: channels.length > 0 ? channels : ['web'],
    stepUp: risk === 'high' ? 'passkey' : highest(STEP_UPS, stepUps),
    ttlSeconds,
    remindSeconds: leader.remindSeconds.filter((after) => after < ttlSeconds),
    escalate: leader.escalate.filter(({ afterSeconds }) => afterSeconds < ttlSeconds),
    hours: leader.hours,
  };
}

/** Positive when the first is the stricter; between equally strict ones any order will do that is always the same. */
function compare(one: Opinion, other: Opinion): number {
  const [mine, theirs] = [weight(one), weight(other)];
  const at = mine.findIndex((value, index) => value !== theirs[index]);
  if (at >= 0) return (mine[at] as number) - (theirs[at] as number);
  const [here, there] = [one.rules.join(), other.rules.join()];
  if (here !== there) return here < there ? 1 : -1;
  return JSON.stringify(one) < JSON.stringify(other) ? 1 : -1;
}

/** The strictness of an opinion, most important first; a tenant's choice of people comes before the platform's. */
function weight({ mode, risk, approval, rules }: Opinion): number[] {
  return [
    MODES.indexOf(mode),
    RISKS.indexOf(risk),
    approval?.quorum ?? 0,
    approval?.selfApproval ? 0 : 1,
    STEP_UPS.indexOf(approval?.stepUp ?? 'none'),
    -(approval?.ttlSeconds ?? 0),
    rules.some((id) => id.startsWith('platform.')) ? 0 : 1,
  ];
}

/** Every limit that is exceeded, once, and always in the same order. */
export function distinctOver(all: readonly Exceeded[]): Exceeded[] {
  const found = new Map(all.map((one) => [`${one.fact} ${one.limit} ${one.value}`, one]));
  return [...found].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, over]) => over);
}

/** What is looser after than before, by name; empty when nothing is. Other people than before count as looser. */
export function looserIn(before: Opinion, after: Opinion): string[] {
  if (after.mode === 'deny') return [];
  const general = [
    MODES.indexOf(after.mode) < MODES.indexOf(before.mode) && 'mode',
    RISKS.indexOf(after.risk) < RISKS.indexOf(before.risk) && 'risk',
  ];
  const sameMode = after.mode === before.mode && before.approval && after.approval;
  const terms = sameMode ? looserTerms(before.approval as Asking, after.approval as Asking) : [];
  return [...general, ...terms].filter((one) => one !== false);
}

function looserTerms(before: Asking, after: Asking): (string | false)[] {
  return [
    after.quorum < before.quorum && 'quorum',
    after.selfApproval && !before.selfApproval && 'self_approval',
    STEP_UPS.indexOf(after.stepUp) < STEP_UPS.indexOf(before.stepUp) && 'step_up',
    after.ttlSeconds > before.ttlSeconds && 'ttl',
    after.channels.some((one) => one !== 'web' && !before.channels.includes(one)) && 'channels',
    after.groups.some((one) => !before.groups.includes(one)) && 'groups',
  ];
}

function highest<T extends string>(order: readonly T[], values: T[]): T {
  return order[Math.max(...values.map((value) => order.indexOf(value)))] as T;
}

function distinct(values: string[]): string[] {
  return [...new Set(values)].sort();
}
