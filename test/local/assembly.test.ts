import { describe, expect, it } from 'vitest';
import { deploy, type Template } from '#local/assembly.ts';

const endpoints = { aws: 'http://127.0.0.1:4601', product: 'http://localhost:4600' };

/** What `value` becomes as a property of a queue beside a few other resources. */
function resolved(value: unknown, parameters?: Record<string, string>): unknown {
  const template: Template = {
    Parameters: {
      Stage: { Type: 'String', Default: 'dev' },
      Count: { Type: 'Number', Default: 3 },
      Names: { Type: 'CommaDelimitedList', Default: 'a,b' },
      Needed: { Type: 'String' },
      Odd: { Type: 'AWS::EC2::KeyPair::KeyName', Default: 'x' },
    },
    Conditions: {
      Dev: { 'Fn::Equals': [{ Ref: 'Stage' }, 'dev'] },
      NotDev: { 'Fn::Not': [{ Condition: 'Dev' }] },
    },
    Resources: {
      Subject: { Type: 'AWS::SQS::Queue', Properties: { Value: value } },
      Jobs: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
      Things: { Type: 'AWS::DynamoDB::Table' },
      Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'named' } },
      Role: { Type: 'AWS::IAM::Role' },
      Group: { Type: 'AWS::EC2::SecurityGroup' },
      Absent: { Type: 'AWS::SQS::Queue', Condition: 'NotDev' },
    },
  };
  const other: Template = {
    Resources: { Bucket: { Type: 'AWS::S3::Bucket' } },
    Outputs: {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of Fn::Sub
      Files: { Value: { Ref: 'Bucket' }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Files' } } },
    },
  };
  const { resources } = deploy(
    { Main: template, Data: other },
    { endpoints, ...(parameters && { parameters }) },
  );
  return resources.find(({ id }) => id === 'Subject')?.properties().Value;
}

describe('what a template says', () => {
  it.each([
    ['Ref of a table', { Ref: 'Things' }, 'Main-Things'],
    ['Ref of a queue', { Ref: 'Jobs' }, 'http://127.0.0.1:4601/000000000000/Main-Jobs.fifo'],
    ['Ref of a machine', { Ref: 'Machine' }, 'arn:aws:states:us-east-1:000000000000:stateMachine:named'],
    ['GetAtt', { 'Fn::GetAtt': ['Jobs', 'Arn'] }, 'arn:aws:sqs:us-east-1:000000000000:Main-Jobs.fifo'],
    ['GetAtt with a dot', { 'Fn::GetAtt': 'Machine.Name' }, 'named'],
    ['GetAtt of what does nothing here', { 'Fn::GetAtt': ['Group', 'GroupId'] }, 'Main-Group.GroupId'],
    ['Ref of what does nothing here', { Ref: 'Role' }, 'Main-Role'],
    [
      'pseudo parameters',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of Fn::Sub
      { 'Fn::Sub': '${AWS::Partition}/${AWS::Region}/${AWS::AccountId}' },
      'aws/us-east-1/000000000000',
    ],
    [
      'Sub',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of Fn::Sub
      { 'Fn::Sub': ['${Things} ${Jobs.QueueName} ${own} ${!kept}', { own: { Ref: 'Stage' } }] },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of Fn::Sub
      'Main-Things Main-Jobs.fifo dev ${kept}',
    ],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }]] }, 'a-dev'],
    ['Select and Split', { 'Fn::Select': ['1', { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    ['a list parameter', { Ref: 'Names' }, ['a', 'b']],
    ['a number parameter', { Ref: 'Count' }, '3'],
    ['another stack’s export', { 'Fn::ImportValue': 'Data:Files' }, 'data-bucket'],
    [
      'another stack’s output',
      { 'Fn::GetStackOutput': { StackName: 'Data', OutputName: 'Files' } },
      'data-bucket',
    ],
    ['If', { 'Fn::If': ['Dev', 1, 2] }, 1],
    ['NoValue', { a: { Ref: 'AWS::NoValue' }, b: [{ Ref: 'AWS::NoValue' }, 1] }, { b: [1] }],
  ])('%s', (_, value, expected) => {
    expect(resolved(value)).toEqual(expected);
  });

  it('takes given parameters before defaults', () => {
    expect(resolved({ Ref: 'Stage' }, { Stage: 'live' })).toBe('live');
  });

  it.each([
    ['an intrinsic that is not built', { 'Fn::Cidr': [] }, 'Fn::Cidr'],
    ['a parameter without a value', { Ref: 'Needed' }, 'Needed'],
    ['a parameter of a strange type', { Ref: 'Odd' }, 'AWS::EC2::KeyPair::KeyName'],
    ['a resource that is not there', { Ref: 'Nobody' }, 'Nobody'],
    ['an attribute that is not there', { 'Fn::GetAtt': ['Things', 'Nothing'] }, 'Main.Things has no Nothing'],
    ['an export that is not there', { 'Fn::ImportValue': 'Nowhere' }, 'Nowhere'],
    ['a dynamic reference', '{{resolve:ssm:x}}', 'dynamic references'],
  ])('refuses %s by name', (_, value, named) => {
    expect(() => resolved(value)).toThrow(named);
  });

  it('refuses a parameter that no template has', () => {
    expect(() => resolved(1, { Stages: 'x' })).toThrow('Stages');
  });

  it('leaves out resources whose condition does not hold, and shortens names that AWS would not take', () => {
    const id = 'A'.repeat(80);
    const functions: Template = { Resources: { [id]: { Type: 'AWS::Lambda::Function' } } };
    const [first] = deploy({ Stack: functions }, { endpoints }).resources;

    expect(first?.name).toMatch(/^Stack-A+-[0-9a-f]{8}$/);
    expect(first?.name).toHaveLength(64);
  });
});
