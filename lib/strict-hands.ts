import { NestedStack } from 'aws-cdk-lib';
import {
  CfnRoute,
  CfnVPCPeeringConnection,
  type GatewayVpcEndpoint,
  GatewayVpcEndpointAwsService,
  type InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { Cluster } from 'aws-cdk-lib/aws-ecs';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  CfnFirewallDomainList,
  CfnFirewallRuleGroup,
  CfnFirewallRuleGroupAssociation,
} from 'aws-cdk-lib/aws-route53resolver';
import type { Construct } from 'constructs';
import { Container } from './container.ts';

export interface StrictHandsProps {
  /** Where the brains run. */
  vpc: Vpc;
  cluster: Cluster;
}

/** Where hands call their brain. */
const PORT = 4610;
const CIDR = '10.255.0.0/24';

/**
 * The strict profile: commands run in a task without a role or a secret, in a network of its own without a way to the
 * internet. A stack of its own, because the service's is nearly as large as a stack may be. Its endpoints serve what starting a task takes, for this account only, and its resolver knows no other name.
 */
export class StrictHands extends NestedStack {
  private readonly container: Container;
  private readonly vpc: Vpc;

  constructor(scope: Construct, id: string, { vpc: brains, cluster }: StrictHandsProps) {
    super(scope, id);
    this.vpc = new Vpc(this, 'Network', {
      ipAddresses: IpAddresses.cidr(CIDR),
      natGateways: 0,
      maxAzs: 1,
      subnetConfiguration: [{ name: 'Isolated', subnetType: SubnetType.PRIVATE_ISOLATED }],
    });
    const securityGroup = new SecurityGroup(this, 'CallsOnly', {
      vpc: this.vpc,
      description: 'Signalbox hands: to their brain and to what starts a task',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(Peer.ipv4(brains.vpcCidrBlock), Port.tcp(PORT), 'The brain');
    this.container = new Container(this, 'Task', {
      ...{ name: 'hands', cluster, vpc: this.vpc, securityGroup, hasRole: false },
      ...{ env: {}, cpu: 2048, memoryMiB: 4096 },
    });
    this.startsTasks(securityGroup);
    this.resolvesOnlyThat();
    this.peers(brains);
  }

  /** Lets a container's task start hands, and be called by them. */
  serves({ task, container, securityGroups }: Container): void {
    const { cluster, task: hands } = this.container;
    const environment = {
      HANDS_CLUSTER: cluster.clusterArn,
      HANDS_TASK: hands.taskDefinitionArn,
      HANDS_SUBNETS: this.vpc.isolatedSubnets.map(({ subnetId }) => subnetId).join(','),
      HANDS_SECURITY_GROUP: this.container.securityGroups.map((one) => one.securityGroupId).join(','),
      HANDS_PORT: String(PORT),
    };
    for (const [name, value] of Object.entries(environment)) container.addEnvironment(name, value);
    for (const group of securityGroups) group.addIngressRule(Peer.ipv4(CIDR), Port.tcp(PORT), 'Hands call');
    task.addToTaskRolePolicy(
      new PolicyStatement({
        actions: ['ecs:RunTask'],
        resources: [hands.taskDefinitionArn],
        conditions: { ArnEquals: { 'ecs:cluster': cluster.clusterArn } },
      }),
    );
    hands.obtainExecutionRole().grantPassRole(task.taskRole);
  }

  /** Pulling the image and writing the log. The gateway serves the registry's layers and no other bucket: any other is a way out. */
  private startsTasks(tasks: SecurityGroup): void {
    const { account, region, partition } = this;
    const securityGroup = new SecurityGroup(this, 'Endpoints', {
      vpc: this.vpc,
      description: 'Signalbox endpoints: from the hands',
      allowAllOutbound: false,
    });
    securityGroup.addIngressRule(tasks, Port.tcp(443), 'The hands');
    tasks.addEgressRule(securityGroup, Port.tcp(443), 'Endpoints');
    // Without a route to the internet this is what the gateway serves; its prefix list has no name that is known here.
    tasks.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'Image layers, through the gateway');
    const layers = this.vpc.addGatewayEndpoint('Layers', { service: GatewayVpcEndpointAwsService.S3 });
    allow(layers, ['s3:GetObject'], [`arn:${partition}:s3:::prod-${region}-starport-layer-bucket/*`]);
    const { ECR, ECR_DOCKER, CLOUDWATCH_LOGS } = InterfaceVpcEndpointAwsService;
    const pull = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'];
    const images = `arn:${partition}:ecr:${region}:${account}:repository/*`;
    for (const [id, service] of Object.entries({ Registry: ECR, Docker: ECR_DOCKER })) {
      const endpoint = this.vpc.addInterfaceEndpoint(id, {
        service,
        securityGroups: [securityGroup],
        open: false,
      });
      allow(endpoint, pull, [images]);
      allow(endpoint, ['ecr:GetAuthorizationToken'], ['*'], { 'aws:PrincipalAccount': account });
    }
    const logs = this.vpc.addInterfaceEndpoint('Logs', {
      ...{ service: CLOUDWATCH_LOGS, securityGroups: [securityGroup], open: false },
    });
    allow(
      logs,
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [`arn:${partition}:logs:${region}:${account}:*`],
    );
  }

  /** Security groups do not filter the resolver, and a name that is looked up can carry anything. */
  private resolvesOnlyThat(): void {
    const { account, region } = this;
    const names = ['api.ecr', `${account}.dkr.ecr`, 'logs'].map((name) => `${name}.${region}.amazonaws.com`);
    const layers = `prod-${region}-starport-layer-bucket.s3.${region}.amazonaws.com`;
    const known = new CfnFirewallDomainList(this, 'Known', { domains: [...names, layers] });
    const all = new CfnFirewallDomainList(this, 'All', { domains: ['*'] });
    const rules = new CfnFirewallRuleGroup(this, 'Names', {
      firewallRules: [
        {
          ...{ action: 'ALLOW', firewallDomainListId: known.attrId, priority: 1 },
          // Where AWS sends one of its own names on to is AWS's to say.
          firewallDomainRedirectionAction: 'TRUST_REDIRECTION_DOMAIN',
        },
        { action: 'BLOCK', blockResponse: 'NXDOMAIN', firewallDomainListId: all.attrId, priority: 2 },
      ],
    });
    new CfnFirewallRuleGroupAssociation(this, 'OnlyKnownNames', {
      firewallRuleGroupId: rules.attrId,
      priority: 101,
      vpcId: this.vpc.vpcId,
    });
  }

  /** DNS rules hold for a whole network, and brains resolve what projects name: so there are two, and one road between them. */
  private peers(brains: Vpc): void {
    const road = new CfnVPCPeeringConnection(this, 'Road', {
      vpcId: this.vpc.vpcId,
      peerVpcId: brains.vpcId,
    }).attrId;
    const ways = [
      { from: brains.publicSubnets, to: CIDR },
      { from: this.vpc.isolatedSubnets, to: brains.vpcCidrBlock },
    ];
    for (const { from, to } of ways)
      from.forEach(({ node, routeTable }) => {
        const { routeTableId } = routeTable;
        const id = `To${to === CIDR ? 'Hands' : 'Brains'}${node.id}`;
        new CfnRoute(this, id, { routeTableId, destinationCidrBlock: to, vpcPeeringConnectionId: road });
      });
  }
}

function allow(
  endpoint: GatewayVpcEndpoint | InterfaceVpcEndpoint,
  actions: string[],
  resources: string[],
  StringEquals?: Record<string, string>,
): void {
  const conditions = StringEquals && { StringEquals };
  endpoint.addToPolicy(
    new PolicyStatement({ principals: [new AnyPrincipal()], actions, resources, conditions }),
  );
}
