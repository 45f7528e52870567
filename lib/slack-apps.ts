import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { readsSecretsBelow } from './grants.ts';

const PREFIX = 'signalbox/slack';

/** Where Slack and the organizations' apps there are. */
export function slackEnv(slackUrl: string) {
  return { SLACK_PREFIX: PREFIX, SLACK_URL: slackUrl };
}

/** Only the Slack apps: one secret per organization, put there by its admin. */
export function readsSlackApps(grantee: IGrantable & IConstruct): void {
  readsSecretsBelow(grantee, PREFIX);
}
