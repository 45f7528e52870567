import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import type { DataStack } from './data-stack.ts';

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

/** What telling how long somebody waits takes, but for the right to read the queue. */
export function queueEnv(
  { queue }: DataStack,
  { slots, slotsPerOrg }: { slots: string; slotsPerOrg: string },
) {
  return { QUEUE_TABLE: queue.tableName, SLOTS: slots, SLOTS_PER_ORG: slotsPerOrg };
}

/** New items only: for what is written once and never changed. */
export function appends(grantee: IGrantable, ...tables: ITable[]): void {
  for (const table of tables) table.grant(grantee, 'dynamodb:PutItem');
}

/** What telling who is asking takes: people and keys (when a key was last used is noted), and the session key. */
export function knowsPeople(grantee: IGrantable, { people, sessionSecret }: DataStack): void {
  reads(grantee, people);
  people.grant(grantee, 'dynamodb:UpdateItem');
  sessionSecret.grantRead(grantee);
}

/** Deciding in somebody's place: the delegation is checked in the decision's own transaction. */
export function standsIn(grantee: IGrantable, { people }: DataStack): void {
  people.grant(grantee, 'dynamodb:ConditionCheckItem');
}

/** Files below one prefix: to read and list, and with `isWriter` to put; never to delete. */
export function keepsFiles(
  grantee: IGrantable,
  bucket: IBucket,
  prefix: string,
  { isWriter }: { isWriter: boolean },
): void {
  const actions = ['s3:GetObject', ...(isWriter ? ['s3:PutObject'] : [])];
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions, resources: [bucket.arnForObjects(`${prefix}*`)] }),
  );
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['s3:ListBucket'],
      resources: [bucket.bucketArn],
      conditions: { StringLike: { 's3:prefix': `${prefix}*` } },
    }),
  );
}

/** The secrets below a prefix and no others: one per organization and what is connected, made when it is. */
export function readsSecretsBelow(grantee: IGrantable & IConstruct, prefix: string): void {
  onSecretsBelow(grantee, prefix, 'GetSecretValue');
}

/** What is named, of secrets below a prefix and of no others. */
export function onSecretsBelow(grantee: IGrantable & IConstruct, prefix: string, ...names: string[]): void {
  const arn = Stack.of(grantee).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${prefix}/*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const actions = names.map((name) => `secretsmanager:${name}`);
  grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [arn] }));
}
