import { ArnFormat, Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

const PREFIX = 'signalbox/slack';

/** Where Slack and the organizations' apps there are. */
export function slackEnv(slackUrl: string) {
  return { SLACK_PREFIX: PREFIX, SLACK_URL: slackUrl };
}

/** Only the Slack apps: one secret per organization, put there by its admin. */
export function readsSlackApps(grantee: IGrantable & IConstruct): void {
  const arn = Stack.of(grantee).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${PREFIX}/*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [arn] }),
  );
}
