import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';

/** Single items and queries; never scans, never writes. */
export function reads(grantee: IGrantable, ...tables: ITable[]): void {
  for (const table of tables) table.grant(grantee, 'dynamodb:GetItem', 'dynamodb:Query');
}

/** Reads, and puts, updates and condition checks; never deletes. */
export function writes(grantee: IGrantable, ...tables: ITable[]): void {
  reads(grantee, ...tables);
  for (const table of tables) {
    table.grant(grantee, 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem');
  }
}

/** New items only: for what is written once and never changed. */
export function appends(grantee: IGrantable, ...tables: ITable[]): void {
  for (const table of tables) table.grant(grantee, 'dynamodb:PutItem');
}
