import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { onSecretsBelow } from './grants.ts';

/** Where configs of integrations are kept: one secret per organization, tenant and name. */
export const CREDENTIALS_PREFIX = 'signalbox/credentials';

/** For what runs integrations: reads a config, and keeps what a run rewrites of it. Their own code never has this. */
export function lendsCredentials(grantee: IGrantable & IConstruct): void {
  onSecretsBelow(grantee, CREDENTIALS_PREFIX, 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage');
}

/** For what takes configs in: never reads one. */
export function putsCredentials(grantee: IGrantable & IConstruct): void {
  onSecretsBelow(grantee, CREDENTIALS_PREFIX, 'CreateSecret', 'PutSecretValue');
}
