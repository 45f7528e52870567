import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ApprovalStack } from '#lib/approval-stack.ts';
import { DataStack } from '#lib/data-stack.ts';
import { ServiceStack } from '#lib/service-stack.ts';

export type Resource = {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: templates are untyped JSON
  Properties: any;
  Metadata?: { source?: string };
  DeletionPolicy?: string;
};

export interface Synthesised {
  data: Template;
  /** What runs on it, of both stacks. */
  service: Template;
  /** How many resources each stack that runs has. */
  sizes: number[];
  /** The strict profile's own stack, where the context asks for it. */
  hands?: Template;
}

/** All stacks, synthesised without bundling: about a second. */
export function synthesised(context: Record<string, unknown> = {}): Synthesised {
  const app = new App({
    context: {
      'aws:cdk:bundling-stacks': [],
      'aws:cdk:disable-asset-staging': true,
      '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
      '@aws-cdk/aws-iam:minimizePolicies': true,
      ...context,
    },
  });
  const data = new DataStack(app, 'SignalboxData');
  const service = new ServiceStack(app, 'SignalboxService', { data });
  const approvals = new ApprovalStack(app, 'SignalboxApprovals', { data, service });
  const hands = service.node.findChild('Agents').node.tryFindChild('Hands') as Stack | undefined;
  const [kept, ...running] = [data, service, approvals].map((stack) => Template.fromStack(stack));
  const resources = running.map((one) => one.toJSON().Resources);
  return {
    data: kept as Template,
    service: Template.fromJSON({ Resources: Object.assign({}, ...resources) }),
    sizes: resources.map((one) => Object.keys(one).length),
    ...(hands && { hands: Template.fromStack(hands) }),
  };
}

/** All resources of a type, by logical id. */
export function ofType(from: Template, type: string): [string, Resource][] {
  return Object.entries(from.findResources(type)) as [string, Resource][];
}

interface Statement {
  actions: string[];
  resources: string;
}

/** What a function's role may do, by the function's logical id: every statement with its resources as JSON text. */
export function permissions(service: Template, functionId: string): Statement[] {
  const fn = service.findResources('AWS::Lambda::Function')[functionId] as Resource;
  const role = fn.Properties.Role['Fn::GetAtt'][0];
  return ofType(service, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => Properties.Roles.some((one: { Ref: string }) => one.Ref === role))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
    .map(({ Action, Resource }) => ({ actions: [Action].flat(), resources: JSON.stringify(Resource) }));
}

/** Logical id of the function with this source; of the construct path's end too, where two functions share one. */
export function functionOf(service: Template, source: string, idStart = ''): string {
  const found = ofType(service, 'AWS::Lambda::Function').find(
    ([id, { Metadata }]) => Metadata?.source === `functions/${source}.ts` && id.startsWith(idStart),
  );
  if (!found) throw new Error(`No function runs ${source}`);
  return found[0];
}
