import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { refuseUnfit } from '#core/agents/capabilities.ts';
import { ROLES } from '#core/agents/roles.ts';
import { DataStack } from '#lib/data-stack.ts';
import { ServiceStack } from '#lib/service-stack.ts';

refuseUnfit(ROLES, new Date());
const app = new App();
const data = new DataStack(app, 'SignalboxData', { description: 'Signalbox: tables, files and secrets' });
new ServiceStack(app, 'SignalboxService', {
  data,
  description: 'Signalbox: functions, machines, tasks and routes',
});
if (process.env.CDK_VALIDATION !== 'false') Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
