import { type Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { isStrict } from './profile.ts';

interface Acceptance {
  /** Path below the stack; the stack itself when empty. */
  at: string;
  /** Findings by their exact ids: another wildcard, policy or resource is another finding, and fails synthesis. */
  ids: string[];
  reason: string;
}

const wildcard = (...resources: string[]) => resources.map((one) => `AwsSolutions-IAM5[Resource::${one}]`);
const managed = (policy: string) => [
  `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/${policy}]`,
];
const exported = (name: string) => `SignalboxData:ExportsOutputFnGetAtt${name}`;
const STEPS = [
  'AwaitSlot18CB594D',
  'Classify2481EAE0',
  'Diagnose657CB846',
  'ProposePlanF89C73DC',
  'AwaitDecisionE7A33EA1',
  'LoadDecisionC34E7A77',
  'OpenPullRequest573D8A95',
  'EscalateE06631EC',
];
const TASKS = ['AgentsEngineerTask3D19B618', 'AgentsVerifierTaskF9EBBB1D'];
const IMAGES = 'ContainerImageBuildArm64e83729feb1564e709bec452b15847a30amd64';
const BUILD = `<${IMAGES}C13E3549>`;
const STREAMS = 'Streams are listed without a resource';
const TOKENS =
  'A task token names its own execution; SendTask* takes no resource. Streams are listed without one too';

/** Every revision of a task definition, as the CDK spells it. */
function revisions(task: string): string {
  const part = (index: number) => `{"Fn::Select":[${index},{"Fn::Split":[":",{"Ref":"${task}"}]}]}`;
  const name = (index: number) => `{"Fn::Select":[${index},{"Fn::Split":["/",${part(5)}]}]}`;
  return `arn:${part(1)}:${part(2)}:${part(3)}:${part(4)}:${name(0)}/${name(1)}:*`;
}

/** Where images are built: once in each stack that has some. */
const BUILDS: Acceptance[] = [
  {
    at: IMAGES,
    ids: [
      'AwsSolutions-CB4',
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonElasticContainerRegistryPublicReadOnly]',
      ...wildcard(
        '*',
        `arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/codebuild/${BUILD}:*`,
        `arn:<AWS::Partition>:codebuild:<AWS::Region>:<AWS::AccountId>:report-group/${BUILD}-*`,
        'arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*',
      ),
      ...['GetBucket', 'GetObject', 'List'].map((action) => `AwsSolutions-IAM5[Action::s3:${action}*]`),
    ],
    reason:
      "deploy-time-build's project: builds our images from our sources at deploy, and holds nothing of a tenant",
  },
  {
    at: 'DeployTimeBuildCustomResourceHandlerdb740fd554364a848a09e6dfcd01f4f3',
    ids: ['AwsSolutions-L1'],
    reason: "deploy-time-build's own runtime, still supported; it runs at deploy only",
  },
];

/** In every stack with functions. */
const FUNCTIONS: Acceptance[] = [
  {
    at: '',
    ids: ['AwsSolutions-APIG4'],
    reason:
      'Functions authenticate: signatures, sessions, keys and links are not tokens that an authorizer knows',
  },
  {
    at: '',
    ids: managed('AWSLambdaBasicExecutionRole'),
    reason: 'Lets a function write its own log, and nothing else',
  },
  {
    at: '',
    ids: wildcard(
      `${exported('Tickets83B11BB2Arn032E7E67')}/index/*`,
      `${exported('DeliveriesBF2F7293Arn3864FF30')}/index/*`,
      `${exported('Approvals8537C562Arn3AB7E2CD')}/index/*`,
      `${exported('PeopleE38C8D03Arn0EE2BE08')}/index/*`,
      `${exported('RunsE45A2291Arn9AFA3150')}/index/*`,
      `${exported('Queue4A7E3555Arn15A7202E')}/index/*`,
    ),
    reason: 'Only the indexes of the one table that is granted',
  },
];

const TAPS_EXECUTIONS =
  'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"TapsMachine27E53823"}]}]}';

/** What speaks where organizations have connected something. */
const CHANNELS: Omit<Acceptance, 'at'> = {
  ids: wildcard(
    'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:signalbox/channels/*',
    'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:signalbox/slack/*',
  ),
  reason: 'One secret per organization and channel, made when it is connected',
};

const SERVICE: Acceptance[] = [
  ...FUNCTIONS,
  {
    at: 'Intake',
    ids: wildcard(
      'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:signalbox/webhooks/*',
    ),
    reason: 'One secret per organization and source, made when a source is connected',
  },
  {
    at: 'Intake/Slack',
    ids: wildcard(
      'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:signalbox/slack/*',
    ),
    reason: 'One secret per organization, made when its Slack app is connected',
  },
  { at: 'Answers', ...CHANNELS },
  ...['Agents/Tap', 'Dashboard/Integrations'].map((at) => ({
    at,
    ids: wildcard(
      'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:signalbox/credentials/*',
    ),
    reason: 'One secret per organization, tenant and name, put by a lead',
  })),
  {
    at: 'Agents/Network',
    ids: ['AwsSolutions-VPC7'],
    reason: 'Only outbound tasks without ingress live here; flow logs would cost more than the network',
  },
  { at: 'Agents', ids: ['AwsSolutions-ECS2'], reason: 'Names of tables and ARNs of secrets, no secret' },
  { at: 'Agents', ids: wildcard('*'), reason: `${TOKENS}; a registry login has no resource` },
  ...['Agents', 'Dashboard/Api'].map((at) => ({
    at,
    ids: wildcard(`${exported('Artifacts82DD59A1Arn3B515032')}/runs/*`),
    reason: 'Files of runs, below one prefix',
  })),
  ...['OnOutcome', 'RunQueue/Admit'].map((at) => ({
    at: `Pipeline/${at}`,
    ids: wildcard(
      'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"PipelineMachine70FD447C"}]}]}:*',
    ),
    reason: 'Ends, or asks after, executions of the one machine, whose names are made when they start',
  })),
  { at: 'Pipeline/RunQueue/Admit', ids: wildcard('*'), reason: TOKENS },
  { at: 'Pipeline/PublishChanges', ids: wildcard('*'), reason: TOKENS },
  {
    at: 'Pipeline/Steps/Diagnose',
    ids: wildcard(`${exported('Artifacts82DD59A1Arn3B515032')}/logs/*`),
    reason: 'Job logs, below one prefix',
  },
  { at: 'Pipeline/Machine', ids: wildcard('*'), reason: 'Log delivery and tracing take no resource' },
  {
    at: 'Pipeline/Machine',
    ids: wildcard(...STEPS.map((step) => `<PipelineSteps${step}.Arn>:*`), ...TASKS.map(revisions)),
    reason: 'Versions of the step functions and revisions of the tasks that the machine runs',
  },
  {
    at: 'Agents/Tap',
    ids: wildcard(`${exported('Artifacts82DD59A1Arn3B515032')}/discovered/*`),
    reason: 'What taps discovered, below one prefix',
  },
  {
    at: 'Taps/List',
    ids: wildcard(`${exported('Artifacts82DD59A1Arn3B515032')}/checks/lists/*`),
    reason: 'Lists of taps, below one prefix',
  },
  ...['Taps/Record', 'Taps/CheckNow'].map((at) => ({
    at,
    ids: wildcard(
      ...['discovered', 'catalogs', 'checks'].map(
        (prefix) => `${exported('Artifacts82DD59A1Arn3B515032')}/${prefix}/*`,
      ),
    ),
    reason: 'What taps discovered, their baselines and results: one prefix each',
  })),
  {
    at: 'Taps/Machine',
    ids: wildcard(
      '*',
      'arn:<AWS::Partition>:s3:::SignalboxData:ExportsOutputRefArtifacts82DD59A14F4A635A/*',
      ...['', '/Taps'].map((label) => `${TAPS_EXECUTIONS}${label}:*`),
      '<TapsList8845A1B0.Arn>:*',
      '<TapsRecord7D6E2634.Arn>:*',
      revisions('AgentsTapTask2B208429'),
    ),
    reason:
      'Its list of taps and its own executions, one for each tap; versions of its functions and revisions of its task; log delivery and tracing take no resource',
  },
  { at: 'Pipeline/NotPublished', ids: ['AwsSolutions-SQS3'], reason: 'This queue is where dead letters go' },
  ...BUILDS,
];

const APPROVALS: Acceptance[] = [
  ...FUNCTIONS,
  ...['Slack', 'Actions', 'Approvals'].map((at) => ({
    at,
    ids: wildcard(
      'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:signalbox/slack/*',
    ),
    reason: 'One secret per organization, made when its Slack app is connected',
  })),
  { at: 'Rooms', ...CHANNELS },
  { at: 'Slack/Follow', ids: wildcard('*'), reason: TOKENS },
  { at: 'Slack/NotFollowed', ids: ['AwsSolutions-SQS3'], reason: 'This queue is where dead letters go' },
  { at: 'Approvals/Dispatch', ids: wildcard('*'), reason: TOKENS },
  { at: 'Approvals/Views', ids: wildcard('*'), reason: STREAMS },
  { at: 'Approvals/Sweep', ids: wildcard('*'), reason: TOKENS },
  { at: 'Ledger/Sequencer', ids: wildcard('*'), reason: STREAMS },
  { at: 'Ledger/Checkpointer', ids: wildcard('*'), reason: STREAMS },
  {
    at: 'Ledger',
    ids: wildcard(`${exported('Checkpoints620E2F20ArnC494AD10')}/checkpoints/*`),
    reason: 'Checkpoints, below one prefix',
  },
  { at: 'Notices/Enqueue', ids: wildcard('*'), reason: TOKENS },
  { at: 'Approvals', ids: ['AwsSolutions-SQS3'], reason: 'These queues are where dead letters go' },
  { at: 'Ledger', ids: ['AwsSolutions-SQS3'], reason: 'These queues are where dead letters go' },
  { at: 'Notices/NotEnqueued', ids: ['AwsSolutions-SQS3'], reason: 'This queue is where dead letters go' },
];

const DATA: Acceptance[] = [
  {
    at: '',
    ids: ['AwsSolutions-SMG4'],
    reason:
      'Keys of other parties, or signing keys: rotated by the operator with both live, see docs/operating.md',
  },
];

/** What depends on what the operator chose besides. */
const ACCEPTED = {
  data: () => DATA,
  service: (stack: Stack) => [...SERVICE, ...(isStrict(stack) ? STRICT : [])],
  approvals: (stack: Stack) => [...APPROVALS, ...archived(stack.node.tryGetContext('checkpointBucket'))],
};

function archived(bucket?: string): Acceptance[] {
  if (!bucket) return [];
  const ids = wildcard(`arn:<AWS::Partition>:s3:::${bucket}/checkpoints/*`);
  return [{ at: 'Ledger', ids, reason: 'Checkpoints, below one prefix of a bucket of another account' }];
}

const STRICT: Acceptance[] = [
  {
    at: 'Agents/Hands/Network',
    ids: ['AwsSolutions-VPC7'],
    reason: 'Nothing leads in or out of it but endpoints and the brains',
  },
  ...BUILDS.map((one) => ({ ...one, at: `Agents/Hands/${one.at}` })),
];

/** Every finding that we accept, with why; whatever is not here fails synthesis. */
export function acknowledge(stack: Stack, which: keyof typeof ACCEPTED): void {
  for (const { at, ids, reason } of ACCEPTED[which](stack)) {
    const scope = at
      .split('/')
      .reduce<IConstruct>((one, name) => (name ? one.node.findChild(name) : one), stack);
    Validations.of(scope).acknowledge(...ids.map((id) => ({ id, reason })));
  }
}
