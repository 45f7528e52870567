import type * as z from 'zod';
import type { PolicyUpdatePayload } from '../actions/types/business.ts';
import { Fault } from '../fault.ts';
import type { ActivePolicy } from './policy.ts';
import type { NewPolicy } from './ports.ts';
import type { Groups } from './quorum.ts';
import { isAcceptable, readPolicy } from './read.ts';

/** What an update of the policy would put in the place of the active one, and the active one it is measured against. */
export interface Activation extends Pick<NewPolicy, 'replaces' | 'document' | 'text'> {
  next: ActivePolicy;
}

/**
 * An update checked against the policy and the people of now: when it is proposed, and again before it is carried
 * out. Throws `Conflict` when another policy came meanwhile, `Invalid` with every error when it may not be activated.
 */
export function activation(
  { replaces, text, hash }: z.infer<typeof PolicyUpdatePayload>,
  { active, groups }: { active: ActivePolicy; groups: Groups },
): Activation {
  if (replaces !== active.version)
    throw new Fault(
      'Conflict',
      `Version ${active.version} of the policy is active, not ${replaces}; look at it and propose again`,
    );
  const read = readPolicy(text, { version: replaces + 1, groups });
  const { active: next, document } = read;
  if (!next || !document || !isAcceptable(read)) {
    const errors = read.problems.filter(({ severity }) => severity === 'error');
    const lines = errors.map(({ line, column, path, message }) =>
      `${line}:${column} ${path} ${message}`.replace('  ', ' '),
    );
    throw new Fault('Invalid', `The policy cannot be activated:\n${lines.join('\n')}`);
  }
  if (next.hash !== hash) throw new Fault('Invalid', `The hash is not the policy's: it is ${next.hash}`);
  return { replaces, document, text, next };
}
