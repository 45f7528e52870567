import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { refuseUnfit } from '#core/agents/capabilities.ts';
import { ROLES } from '#core/agents/roles.ts';
import { ApprovalStack } from '#lib/approval-stack.ts';
import { DataStack } from '#lib/data-stack.ts';
import { ServiceStack } from '#lib/service-stack.ts';

refuseUnfit(ROLES, new Date());
const app = new App();
const data = new DataStack(app, 'SignalboxData', { description: 'Signalbox: tables, files and secrets' });
const service = new ServiceStack(app, 'SignalboxService', {
  data,
  description: 'Signalbox: functions, machines, tasks and routes',
});
new ApprovalStack(app, 'SignalboxApprovals', {
  ...{ data, service },
  description: 'Signalbox: actions, approvals, ledger, notices and Slack',
});
if (process.env.CDK_VALIDATION !== 'false') Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
