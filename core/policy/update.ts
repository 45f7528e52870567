import type * as z from 'zod';
import type { PolicyUpdatePayload } from '../actions/types/business.ts';
import { Fault } from '../fault.ts';
import type { Person } from '../people/person.ts';
import { MODES } from './judgement.ts';
import type { ActivePolicy } from './policy.ts';
import type { Problem } from './problem.ts';
import type { Groups } from './quorum.ts';
import { isAcceptable, readPolicy } from './read.ts';
import { type PastAction, type Replay, replay } from './replay.ts';

interface Staffed {
  org: string;
  people: readonly Person[];
}

/** Days of actions that a new policy is tried on. */
export const REPLAY_DAYS = 30;

/**
 * What approvers of a policy are asked: its text, and what it would have changed. Throws `Invalid` with every error of
 * the file, and `Conflict` when it is the one that holds.
 */
export function policyPayload(
  text: string,
  { org, active, people, past }: Staffed & { active: ActivePolicy; past: readonly PastAction[] },
): z.infer<typeof PolicyUpdatePayload> {
  const read = acceptable(text, { org, people });
  if (read.active.hash === active.hash) throw new Fault('Conflict', 'This is the policy that holds already');
  const compared = replay(active, read.active, past);
  return {
    replaces: active.version,
    hash: read.active.hash,
    replayed: compared.actions,
    before: counted(compared.before),
    after: counted(compared.after),
    looser: compared.looser.slice(0, 1_000).map(looser),
    warnings: listed(read.problems, 'warning').split('\n').filter(Boolean),
    text,
  };
}

/** A policy's file that may be activated among these people. Throws `Invalid` with every error by line and path. */
export function acceptable(text: string, { org, people }: Staffed) {
  const { active, document, problems } = readPolicy(text, { groups: groupsOf(people) });
  if (document && document.tenant !== org)
    throw new Fault('Invalid', `tenant: this is a policy of ${document.tenant}, not of ${org}`);
  if (!active || !document || !isAcceptable({ problems }))
    throw new Fault('Invalid', `The policy cannot be activated:\n${listed(problems, 'error')}`);
  return { active, document, problems };
}

/** Members of each group, roles among them, as quorums are checked against them. */
export function groupsOf(people: readonly Person[]): Groups {
  const groups: Record<string, string[]> = {};
  for (const { id, groups: own, roles } of people)
    for (const name of [...own, ...roles.map((role) => `${role}s`)])
      groups[name] = [...(groups[name] ?? []), id];
  return groups;
}

function counted(counts: Replay['before']): string {
  return MODES.map((mode) => `${mode} ${counts[mode]}`).join(', ');
}

function looser({ id, type, in: what, before, after }: Replay['looser'][number]): string {
  return `${type} (${id}): ${before.mode} → ${after.mode}; ${what.join(', ')}`.slice(0, 300);
}

function listed(problems: readonly Problem[], severity: Problem['severity']): string {
  return problems
    .filter((one) => one.severity === severity)
    .map(({ line, column, path, message }) =>
      `${line}:${column} ${path} ${message}`.replace('  ', ' ').slice(0, 500),
    )
    .join('\n');
}
