import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { AskEnv } from '#functions/asking.ts';
import type { DataStack } from './data-stack.ts';
import { appends, reads, writes } from './grants.ts';

/** Where a function that puts something before policy and people finds both. */
export function askEnv(data: DataStack): AskEnv {
  return {
    APPROVALS_TABLE: data.approvals.tableName,
    LEDGER_TABLE: data.ledger.tableName,
    NOTICES_TABLE: data.notices.tableName,
    PEOPLE_TABLE: data.people.tableName,
    POLICIES_TABLE: data.policies.tableName,
  };
}

/** Asking: new questions with their ledger entries and notices; policies and people are only read. */
export function asks(grantee: IGrantable, data: DataStack): void {
  writes(grantee, data.approvals);
  appends(grantee, data.ledger, data.notices);
  reads(grantee, data.people, data.policies);
}
