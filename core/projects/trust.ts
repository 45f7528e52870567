import * as z from 'zod';
import type { Repository } from './project.ts';

/** Whose tickets: `*` for anyone whom a source lets in, `*@acme.example`, or one e-mail address. */
export const ReporterPattern = z.union([z.literal('*'), z.string().regex(/^\*@[\w.-]+$/), z.email()]);

/** Why a ticket's work may only be done where nothing can be stolen; nothing when the organization trusts both sides. */
export function distrust(
  { fullName, trustedReporters }: Repository,
  reporter?: { name: string; email?: string | undefined },
): string | undefined {
  if (!trustedReporters) return `${fullName} is not marked as trusted`;
  if (!reporter || trustedReporters.some((pattern) => covers(pattern, reporter.email))) return undefined;
  return `${reporter.email ?? reporter.name} is not among those whose tickets for ${fullName} are trusted`;
}

function covers(pattern: string, email = ''): boolean {
  if (pattern === '*') return true;
  const [given, wanted] = [email.toLowerCase(), pattern.toLowerCase()];
  return wanted.startsWith('*@') ? given.endsWith(wanted.slice(1)) : given === wanted;
}
