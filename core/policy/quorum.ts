import * as z from 'zod';
import type { Policy } from './policy.ts';
import type { Finding } from './problem.ts';

/** Who is in each group, by whatever names people are told apart. */
export const Groups = z.record(z.string(), z.array(z.string()));
export type Groups = z.infer<typeof Groups>;

/** Groups whose members follow from the request: nobody can count them before. */
const BY_REQUEST = ['requesters', 'project-approvers'];

/** Approvals that too few people are there for, once any one of them is the one who asks. */
export function quorumFindings({ approvals }: Policy, groups: Groups): Finding[] {
  return Object.entries(approvals).flatMap(([name, { groups: asked, quorum, self_approval }]): Finding[] => {
    if (asked.some((group) => BY_REQUEST.includes(group))) return [];
    const people = new Set(
      asked.flatMap((group) => (Object.hasOwn(groups, group) ? (groups[group] ?? []) : [])),
    );
    const left = self_approval ? people.size : people.size - 1;
    if (left >= quorum) return [];
    const message = `${asked.join(', ')} ${people.size === 1 ? 'is 1 person' : `are ${people.size} people`}; ${quorum} must agree besides whoever asks, so it could never pass`;
    return [{ severity: 'error', path: ['approvals', name, 'quorum'], message }];
  });
}
