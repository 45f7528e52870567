import { decision } from '#adapters/dynamodb/decision-writes.ts';
import { writeTogether } from '#adapters/dynamodb/transaction.ts';
import type { Approval } from '#core/approvals/approval.ts';
import { decided, type Vote } from '#core/approvals/decide.ts';
import { NOW, vote } from '../support/approvals.ts';

const tables = { approvals: 'Approvals', links: 'ApprovalLinks', ledger: 'Ledger', people: 'People' };

/** Writes a decision past every check of the application, to a free place in the ledger; answers whether the store took it. */
export async function force(before: Approval, change: Partial<Vote> = {}, now = NOW): Promise<boolean> {
  const given = vote(before, change);
  const step = decided({ ...before, ledgerSeq: 40 }, given, now.toISOString());
  return (await writeTogether(decision(tables, { before, steps: [step], vote: given, now }))) === undefined;
}
