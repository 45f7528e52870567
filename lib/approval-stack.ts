import { Stack, type StackProps } from 'aws-cdk-lib';
import { EmailIdentity, Identity } from 'aws-cdk-lib/aws-ses';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledged.ts';
import { Actions } from './actions.ts';
import { Approvals } from './approvals.ts';
import type { DataStack } from './data-stack.ts';
import { DeadLetters } from './dead-letters.ts';
import { Gaps } from './gaps.ts';
import { Ledger } from './ledger.ts';
import { Notices } from './notices.ts';
import { Rooms } from './rooms.ts';
import type { ServiceStack } from './service-stack.ts';
import { Slack } from './slack.ts';

interface ApprovalStackProps extends StackProps {
  data: DataStack;
  service: ServiceStack;
}

/** How agents get leave to act and people are asked and told. A stack of its own, because one holds 500 resources at most. */
export class ApprovalStack extends Stack {
  constructor(scope: Construct, id: string, { data, service, ...props }: ApprovalStackProps) {
    super(scope, id, props);
    const { api, bus, settings } = service;
    const publicUrl = api.apiEndpoint;
    const { slackUrl, mailFrom, firstOrg } = settings;
    const sender = new EmailIdentity(this, 'Sender', { identity: Identity.email(mailFrom) });

    const { toCarryOut } = new Actions(this, 'Actions', { api, data, publicUrl, slackUrl });
    new Approvals(this, 'Approvals', { api, data, publicUrl, slackUrl, toCarryOut });
    new Ledger(this, 'Ledger', { api, data, publicUrl });
    const { toSend, toSlack } = new Notices(this, 'Notices', { data, sender, publicUrl, mailFrom });
    new Slack(this, 'Slack', { api, data, toSend, toSlack, publicUrl, slackUrl });
    new Rooms(this, 'Rooms', { api, data, bus, sender, publicUrl, slackUrl, mailFrom });
    new Gaps(this, 'Gaps', { api, data, publicUrl, firstOrg });
    new DeadLetters(this, 'DeadLetters', { api, data, publicUrl, firstOrg });
    acknowledge(this, 'approvals');
  }
}
