import { createHash } from 'node:crypto';
import * as z from 'zod';

/** What a person may do. Every role may look; `admin` may do whatever the others may. */
export const Role = z.enum(['viewer', 'lead', 'approver', 'admin']);
export type Role = z.infer<typeof Role>;

/** What an API key may do, each named on its own: a key never has its owner's roles. */
export const Scope = z.enum([
  'issues:read',
  'issues:write',
  'approvals:read',
  'approvals:decide',
  'actions:propose',
]);
export type Scope = z.infer<typeof Scope>;

/** A member of a Slack workspace. */
export const SlackMember = z.object({
  team: z.string().regex(/^T[A-Z0-9]{1,20}$/),
  user: z.string().regex(/^[UW][A-Z0-9]{1,20}$/),
});
export type SlackMember = z.infer<typeof SlackMember>;

export const Person = z.object({
  org: z.string().min(1).max(64),
  id: z.string(),
  email: z.email(),
  name: z.string().min(1).max(200),
  roles: z.array(Role).min(1),
  /** Groups that policies ask: `eng-leads`, `finance`. */
  groups: z.array(z.string().regex(/^[a-z0-9-]{1,40}$/)).default([]),
  /** Not asked before this moment; their delegates are. */
  awayUntil: z.iso.datetime().optional(),
  /** Linked by the person, who signed in at Slack to do so. Nobody else can. */
  slack: SlackMember.optional(),
  createdAt: z.iso.datetime(),
  /** Gone from the organization: they sign in no more, and are not asked. */
  leftAt: z.iso.datetime().optional(),
});
export type Person = z.infer<typeof Person>;

/** An address as it is compared and stored: mailboxes that differ only in case are one person. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** One human in one organization, whatever door they come in by. Derived, so that an approver needs no account to have it. */
export function personId(org: string, email: string): string {
  const digest = createHash('sha256')
    .update(`${org}\n${normalEmail(email)}`)
    .digest('hex');
  return `p_${digest.slice(0, 16)}`;
}
