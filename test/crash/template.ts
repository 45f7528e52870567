import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const ref = (id: string) => ({ Ref: id });

/** Writes what the CDK would have synthesised. */
export function writeAssembly(folder: string, resources: Record<string, object>): void {
  mkdirSync(folder, { recursive: true });
  const template = { Parameters: { Journal: { Type: 'String' } }, Resources: resources };
  const stack = { type: 'aws:cloudformation:stack', properties: { templateFile: 'Crash.json' } };
  writeFileSync(join(folder, 'Crash.json'), JSON.stringify(template));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ artifacts: { Crash: stack } }));
}

/** A function of `functions/NAME.ts`; its environment names the journal, and the resources in `refs` by their id. */
export const lambda = (source: string, refs: string[] = []) => ({
  Type: 'AWS::Lambda::Function',
  Metadata: { source: `functions/${source}.ts` },
  Properties: {
    Timeout: 900,
    Environment: {
      Variables: { JOURNAL: ref('Journal'), ...Object.fromEntries(refs.map((id) => [id, ref(id)])) },
    },
  },
});

export const queue = (properties: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: { VisibilityTimeout: 900, ...properties },
});

export const table = (key: string) => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
    KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
    StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
  },
});

/** Feeds a function from a queue, or from a table's stream. */
export const mapping = (from: string, to: string, attribute: 'Arn' | 'StreamArn' = 'Arn') => ({
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    EventSourceArn: { 'Fn::GetAtt': [from, attribute] },
    FunctionName: ref(to),
    ...(attribute === 'StreamArn' && { StartingPosition: 'TRIM_HORIZON' }),
  },
});

export const rule = (properties: object, targets: string[]) => ({
  Type: 'AWS::Events::Rule',
  Properties: { ...properties, Targets: targets.map((id) => ({ Id: id, Arn: arn(id) })) },
});

/** `Fn::Sub` names resources in the definition: `${Step}`. */
export const machine = (definition: object) => ({
  Type: 'AWS::StepFunctions::StateMachine',
  Properties: {
    RoleArn: 'arn:aws:iam::000000000000:role/crash',
    DefinitionString: { 'Fn::Sub': JSON.stringify({ QueryLanguage: 'JSONata', ...definition }) },
  },
});

export const container = (source: string) => ({
  Type: 'AWS::ECS::TaskDefinition',
  Metadata: { source: `containers/${source}.ts` },
  Properties: {
    ContainerDefinitions: [
      {
        Name: 'Main',
        Image: 'none',
        StopTimeout: 2,
        Environment: [{ Name: 'JOURNAL', Value: ref('Journal') }],
      },
    ],
  },
});
