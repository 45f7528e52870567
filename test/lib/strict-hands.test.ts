import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { ofType, synthesised } from '../support/synth.ts';

const { service: economy } = synthesised();
const { service, hands = economy } = synthesised({ AgentProfile: 'strict' });

function containers(from: Template) {
  return ofType(from, 'AWS::ECS::TaskDefinition').map(([, { Properties, Metadata }]) => ({
    source: Metadata?.source,
    role: Properties.TaskRoleArn,
    ...Properties.ContainerDefinitions[0],
  }));
}

function namesOf({ Environment = [] }: { Environment?: { Name: string }[] }): string[] {
  return Environment.map(({ Name }) => Name).filter((name) => name.startsWith('HANDS_'));
}

it('is not there unless it is asked for, because it costs money while idle', () => {
  expect(ofType(economy, 'AWS::EC2::VPC')).toHaveLength(1);
  expect(ofType(economy, 'AWS::EC2::VPCEndpoint')).toEqual([]);
  expect(containers(economy)).toHaveLength(3);
  expect(containers(economy).flatMap(namesOf)).toEqual([]);
});

it('is refused under a name that is none', () => {
  expect(() => synthesised({ AgentProfile: 'strickt' })).toThrow(/AgentProfile is strickt; it is one of/);
});

describe('the task that runs commands', () => {
  const [task, ...others] = containers(hands);

  it('has no role, no secret and no environment', () => {
    expect(others).toEqual([]);
    expect(task?.source).toBe('containers/hands/main.ts');
    expect(task?.role).toBeUndefined();
    expect(task?.Secrets ?? []).toEqual([]);
    expect(task?.Environment ?? []).toEqual([]);
    expect(Object.keys(hands.findResources('AWS::IAM::Role')).filter((id) => /TaskRole/.test(id))).toEqual(
      [],
    );
  });

  it('lives where no road leads to the internet', () => {
    const routes = ofType(hands, 'AWS::EC2::Route').map(([, { Properties }]) => Properties);

    for (const kind of [
      'InternetGateway',
      'NatGateway',
      'EgressOnlyInternetGateway',
      'TransitGatewayAttachment',
    ])
      expect(ofType(hands, `AWS::EC2::${kind}`)).toEqual([]);
    expect(routes.length).toBe(3);
    for (const route of routes) {
      expect(route.VpcPeeringConnectionId).toBeDefined();
      expect(route.DestinationCidrBlock).not.toBe('0.0.0.0/0');
    }
    for (const [, { Properties }] of ofType(hands, 'AWS::EC2::Subnet'))
      expect(Properties.MapPublicIpOnLaunch).toBe(false);
  });

  it('is called by nobody, and calls only its brain and its endpoints', () => {
    const groups = ofType(hands, 'AWS::EC2::SecurityGroup');
    const [id, group] =
      groups.find(([, { Properties }]) => /hands: to their/.test(Properties.GroupDescription)) ?? [];
    const ingress = ofType(hands, 'AWS::EC2::SecurityGroupIngress').filter(
      ([, { Properties }]) => Properties.GroupId['Fn::GetAtt'][0] === id,
    );

    expect(group?.Properties.SecurityGroupIngress ?? []).toEqual([]);
    expect(ingress).toEqual([]);
    expect(
      group?.Properties.SecurityGroupEgress.map(({ FromPort, ToPort }: Ports) => [FromPort, ToPort]),
    ).toEqual([
      [4610, 4610],
      [443, 443],
    ]);
  });

  it('finds nothing through its endpoints but its image and its log, in this account', () => {
    const endpoints = ofType(hands, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) => Properties);
    const statements = endpoints.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    const s3 = statements.filter(({ Action }) =>
      [Action].flat().some((one: string) => one.startsWith('s3:')),
    );

    expect(endpoints).toHaveLength(4);
    expect(endpoints.filter(({ PolicyDocument }) => !PolicyDocument)).toEqual([]);
    expect(s3.map(({ Action, Resource }) => [Action, JSON.stringify(Resource)])).toEqual([
      ['s3:GetObject', expect.stringContaining('-starport-layer-bucket/*')],
    ]);
    for (const { Action, Resource, Condition } of statements.filter((one) => !s3.includes(one))) {
      if (Resource === '*') expect([Action, Condition]).toEqual(['ecr:GetAuthorizationToken', OWN_ACCOUNT]);
      else expect(JSON.stringify(Resource)).toContain('"Ref":"AWS::AccountId"');
    }
  });

  it('resolves the names that starting it takes, and no other', () => {
    const lists = new Map(ofType(hands, 'AWS::Route53Resolver::FirewallDomainList'));
    const groups = ofType(hands, 'AWS::Route53Resolver::FirewallRuleGroup');
    const given: Rule[] = groups.flatMap(([, { Properties }]) => Properties.FirewallRules);
    const rules = given
      .toSorted((a, b) => a.Priority - b.Priority)
      .map(({ Action, FirewallDomainListId }) => {
        const list = lists.get(FirewallDomainListId['Fn::GetAtt'][0]);
        return [Action, list?.Properties.Domains.map((one: unknown) => JSON.stringify(one)).join(' ')];
      });

    expect(rules).toEqual([
      ['ALLOW', expect.stringMatching(/api\.ecr\..*dkr\.ecr\..*logs\..*starport-layer-bucket\.s3\./)],
      ['BLOCK', '"*"'],
    ]);
    expect(rules[0]?.[1]).not.toContain('*');
    expect(ofType(hands, 'AWS::Route53Resolver::FirewallRuleGroupAssociation')).toHaveLength(1);
  });
});

interface Ports {
  FromPort: number;
  ToPort: number;
}

interface Rule {
  Priority: number;
  Action: string;
  FirewallDomainListId: { 'Fn::GetAtt': [string, string] };
}

const OWN_ACCOUNT = { StringEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } };

describe('a brain', () => {
  const brains = containers(service);

  it('knows where its hands are', () => {
    expect(brains).toHaveLength(3);
    for (const brain of brains)
      expect(namesOf(brain).sort()).toEqual([
        'HANDS_CLUSTER',
        'HANDS_PORT',
        'HANDS_SECURITY_GROUP',
        'HANDS_SUBNETS',
        'HANDS_TASK',
      ]);
  });

  it('lets in its hands on one port, and nobody else', () => {
    const groups = ofType(service, 'AWS::EC2::SecurityGroup').map(([, { Properties }]) => Properties);

    expect(groups).toHaveLength(3);
    for (const { SecurityGroupIngress } of groups)
      expect(SecurityGroupIngress).toEqual([
        {
          CidrIp: '10.255.0.0/24',
          Description: 'Hands call',
          FromPort: 4610,
          ToPort: 4610,
          IpProtocol: 'tcp',
        },
      ]);
  });

  it('may start that task in that cluster, and pass on no role but the one that starts it', () => {
    const statements = ofType(service, 'AWS::IAM::Policy')
      .filter(([id]) => /^Agents(Engineer|Verifier|Tap)TaskTaskRole/.test(id))
      .map(([, { Properties }]) => Properties.PolicyDocument.Statement);
    const find = (all: Statement[], action: string) =>
      all.filter(({ Action }) => [Action].flat().includes(action));

    expect(statements).toHaveLength(3);
    for (const all of statements) {
      const [run, ...runs] = find(all, 'ecs:RunTask');
      const [pass, ...passes] = find(all, 'iam:PassRole');
      expect([...runs, ...passes]).toEqual([]);
      expect(JSON.stringify(run?.Resource)).toMatch(/Hands.*Task/);
      expect(Object.keys(run?.Condition?.ArnEquals ?? {})).toEqual(['ecs:cluster']);
      expect(JSON.stringify(pass?.Resource)).toMatch(/Hands.*TaskExecutionRole/);
    }
  });
});

interface Statement {
  Action: string | string[];
  Resource: unknown;
  Condition?: { ArnEquals?: object };
}
