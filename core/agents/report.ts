import { visible } from '../visible.ts';
import type { Conversation } from './conversation.ts';
import { type Limit, usedOf } from './limits.ts';

const MOST = 8_000;

export interface Unfinished {
  /** Why it ended. */
  reason: string;
  files: string[];
  isVerified: boolean;
  /** What verification said last. */
  tests?: string;
  limits: Limit[];
}

/** What a person is told who goes on where an agent ended without handing over. */
export function report(
  { notes }: Pick<Conversation, 'notes'>,
  { reason, files, isVerified, tests, limits }: Unfinished,
): string {
  const change = isVerified ? 'as it was when verification passed' : 'the last there was, not verified';
  const lines = [
    `Why it ended: ${reason}`,
    `Change: ${change}; ${files.length} files: ${files.slice(0, 20).join(', ')}`,
    `Last verification: ${tests ?? 'none'}`,
    `Used: ${usedOf(limits)}`,
    ...Object.entries(notes).map(([name, text]) => `\n${name}, the agent's own words:\n${text.trim()}`),
  ];
  return visible(lines.join('\n')).slice(0, MOST);
}
