import { existsSync } from 'node:fs';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { functionOf, ofType, permissions, synthesised } from '../support/synth.ts';

const { data, service, sizes } = synthesised();
const functions = ofType(service, 'AWS::Lambda::Function').filter(
  ([id]) => !id.startsWith('DeployTimeBuild'),
);
const WRITES = /dynamodb:(Put|Update|Delete|Transact|BatchWrite)/;
/** Physical names cross the stacks as exports that hold the table's logical id. */
const TABLES = {
  approvals: 'Approvals8537C562',
  waits: 'ApprovalWaits',
  links: 'ApprovalLinks',
  ledger: 'Ledger',
};

it('leaves room in every stack: CloudFormation takes 500 resources at most', () => {
  expect(sizes).toHaveLength(2);
  expect(Math.max(...sizes)).toBeLessThan(450);
});

describe('what survives', () => {
  it('keeps every table, bucket and secret when the stack is deleted', () => {
    const kinds = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SecretsManager::Secret'];
    const kept = kinds.flatMap((kind) => ofType(data, kind));

    expect(kept.length).toBeGreaterThanOrEqual(17);
    expect(kept.filter(([, { DeletionPolicy }]) => DeletionPolicy !== 'Retain').map(([id]) => id)).toEqual(
      [],
    );
  });

  it('can restore every table to a point in time', () => {
    const tables = ofType(data, 'AWS::DynamoDB::Table');
    const loose = tables.filter(
      ([, { Properties }]) => !Properties.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled,
    );

    expect(loose.map(([id]) => id)).toEqual([]);
  });
});

describe('functions', () => {
  it('name the source that they run, and it exists', () => {
    expect(
      functions.filter(([, { Metadata }]) => !existsSync(Metadata?.source ?? '')).map(([id]) => id),
    ).toEqual([]);
  });

  it('never act on every resource, but for task tokens and listing streams, which have none', () => {
    const wild = functions.flatMap(([id]) =>
      permissions(service, id)
        .filter(({ resources }) => resources === '"*"')
        .flatMap(({ actions }) => actions),
    );

    expect([...new Set(wild)].sort()).toEqual(
      [
        'dynamodb:ListStreams',
        'states:SendTaskFailure',
        'states:SendTaskHeartbeat',
        'states:SendTaskSuccess',
        'xray:PutTelemetryRecords',
        'xray:PutTraceSegments',
      ].filter((action) => wild.includes(action)),
    );
  });

  it('never delete', () => {
    const deleting = functions.filter(([id]) =>
      permissions(service, id).some(({ actions }) =>
        actions.some((one) => /:Delete|\*/.test(one) && !one.startsWith('sqs:')),
      ),
    );

    expect(deleting.map(([, { Metadata }]) => Metadata?.source)).toEqual([]);
  });
});

describe('who can decide', () => {
  /** Every route with the functions behind it. */
  const routes = ofType(service, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => {
    const integration = Properties.Target['Fn::Join'][1].find((part: { Ref?: string }) => part.Ref)?.Ref;
    const integrations = new Map(ofType(service, 'AWS::ApiGatewayV2::Integration'));
    const uri = integrations.get(integration)?.Properties.IntegrationUri;
    return { key: Properties.RouteKey as string, fn: uri['Fn::GetAtt'][0] as string };
  });

  it('sees the routes that it judges', () => {
    expect(routes.length).toBeGreaterThan(15);
  });

  it('T06: is nobody by GET, HEAD or OPTIONS, or where no route leads: no such route has a function that writes what decides, or answers a task token', () => {
    const reading = routes.filter(({ key }) => /^(GET|HEAD|OPTIONS|ANY)\b|^\$default$/.test(key));
    const guilty = reading.filter(({ fn }) =>
      permissions(service, fn).some(
        ({ actions, resources }) =>
          actions.some((one) => one.startsWith('states:')) ||
          (actions.some((one) => WRITES.test(one)) &&
            [TABLES.approvals, TABLES.waits, TABLES.ledger].some((table) => resources.includes(table))),
      ),
    );

    expect(reading.length).toBeGreaterThan(8);
    expect(guilty).toEqual([]);
  });

  it('T49: is nobody by answering a mail: nothing here receives any', () => {
    const inbound = [data, service].flatMap((one) => Object.values(one.toJSON().Resources as object));
    const text = JSON.stringify(inbound);

    expect(text).not.toMatch(/AWS::SES::Receipt|AWS::WorkMail|ses\.amazonaws\.com|ReceiptRule/);
    expect(routes.filter(({ key }) => /mail|inbound|reply/i.test(key))).toEqual([]);
  });

  it('is a function that cannot see a task token', () => {
    for (const fn of [
      functionOf(service, 'http/approval-decision'),
      functionOf(service, 'http/approval-api', 'ApprovalsDecide'),
      functionOf(service, 'http/slack-interaction'),
    ]) {
      const can = permissions(service, fn);

      expect(
        can.some(
          ({ actions, resources }) =>
            actions.some((one) => WRITES.test(one)) && resources.includes(TABLES.approvals),
        ),
      ).toBe(true);
      expect(can.some(({ resources }) => resources.includes(TABLES.waits))).toBe(false);
      expect(can.some(({ actions }) => actions.some((one) => one.startsWith('states:')))).toBe(false);
    }
  });

  it('leaves task tokens to the dispatcher and the sweeper', () => {
    const readers = functions.filter(([id]) =>
      permissions(service, id).some(
        ({ actions, resources }) => actions.includes('dynamodb:GetItem') && resources.includes(TABLES.waits),
      ),
    );

    expect(readers.map(([, { Metadata }]) => Metadata?.source).sort()).toEqual([
      'functions/queue/dispatch-decision.ts',
      'functions/schedule/sweep-approvals.ts',
    ]);
  });

  it('is nobody who only speaks: what is said in Slack and by mail changes no approval, and sees no task token', () => {
    for (const source of ['queue/say-in-slack', 'queue/follow-approvals', 'queue/send-notice'])
      for (const { actions, resources } of permissions(service, functionOf(service, source))) {
        const changes = actions.some((one) => WRITES.test(one)) && /Approvals8537C562|Ledger/.test(resources);

        expect(changes, `${source} ${actions}`).toBe(false);
        expect(resources).not.toContain(TABLES.waits);
      }
  });

  it('leaves the secrets of a Slack app to who hears from Slack, speaks there, links people, or measures channels', () => {
    const readers = functions.filter(([id]) =>
      permissions(service, id).some(({ resources }) => resources.includes('signalbox/slack/')),
    );

    expect(readers.map(([, { Metadata }]) => Metadata?.source).sort()).toEqual([
      'functions/http/approval-api.ts',
      'functions/http/approval-decision.ts',
      'functions/http/carry-out.ts',
      'functions/http/propose-action.ts',
      'functions/http/slack-intake.ts',
      'functions/http/slack-interaction.ts',
      'functions/http/slack-link.ts',
      'functions/queue/say-in-slack.ts',
      'functions/queue/tell-room.ts',
      'functions/queue/tell-source.ts',
    ]);
  });

  it('is nobody who notes views: that takes the approval as it is, appends to its story, and no link or task token', () => {
    const can = permissions(service, functionOf(service, 'queue/note-views'));
    const written = can.flatMap(({ actions }) => actions.filter((one) => WRITES.test(one)));

    expect(new Set(written)).toEqual(new Set(['dynamodb:PutItem']));
    expect(can.filter(({ resources }) => resources.includes(TABLES.waits))).toEqual([]);
    expect(can.filter(({ actions }) => actions.some((one) => /^(states|secretsmanager):/.test(one)))).toEqual(
      [],
    );
    expect(routes.map(({ fn }) => fn)).not.toContain(functionOf(service, 'queue/note-views'));
  });

  it('is not the page, which writes only that somebody opened it', () => {
    const written = permissions(service, functionOf(service, 'http/approval-page')).filter(({ actions }) =>
      actions.some((one) => WRITES.test(one)),
    );

    expect(written.map(({ actions }) => actions)).toEqual([['dynamodb:UpdateItem']]);
    expect(written[0]?.resources).toContain(TABLES.links);
  });
});

describe('the ledger', () => {
  const granted = (table: string) =>
    functions.flatMap(([id, { Metadata }]) =>
      permissions(service, id)
        .filter(({ resources }) => resources.includes(table))
        .map(({ actions }) => ({ source: Metadata?.source, actions })),
    );

  it('is only ever added to: nobody may change or remove an entry', () => {
    const writing = granted(TABLES.ledger).filter(({ actions }) => actions.some((one) => WRITES.test(one)));

    expect(writing.length).toBeGreaterThan(3);
    expect([...new Set(writing.flatMap(({ actions }) => actions.filter((one) => WRITES.test(one))))]).toEqual(
      ['dynamodb:PutItem'],
    );
  });

  it('has a sequence that only the checkpoint function may change, in the one row that says how far it is', () => {
    const writing = granted('Sequence').filter(({ actions }) => actions.some((one) => WRITES.test(one)));
    const changing = writing.filter(({ actions }) => actions.includes('dynamodb:UpdateItem'));

    expect([...new Set(writing.map(({ source }) => source))].sort()).toEqual([
      'functions/queue/checkpoint-ledger.ts',
      'functions/queue/sequence-ledger.ts',
      'functions/schedule/verify-ledger.ts',
    ]);
    expect(changing.map(({ source }) => source)).toEqual(['functions/queue/checkpoint-ledger.ts']);
  });

  it('tells the sequencer of every change with what was there before', () => {
    const ledger = ofType(data, 'AWS::DynamoDB::Table').find(([id]) => id.startsWith(TABLES.ledger))?.[1];

    expect(ledger?.Properties.StreamSpecification).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' });
  });

  it('is signed for by the checkpoint function alone', () => {
    const signing = functions.filter(([id]) =>
      permissions(service, id).some(({ actions }) => actions.some((one) => /^kms:(\*|Sign)/.test(one))),
    );

    expect(signing.map(([, { Metadata }]) => Metadata?.source)).toEqual([
      'functions/queue/checkpoint-ledger.ts',
    ]);
    expect(ofType(data, 'AWS::KMS::Key').map(([, { Properties }]) => Properties.KeyUsage)).toEqual([
      'SIGN_VERIFY',
    ]);
  });

  it('has checkpoints that nobody may delete, or keep for a shorter time', () => {
    const [id, bucket] = ofType(data, 'AWS::S3::Bucket').find(([one]) => one.startsWith('Checkpoints')) ?? [];
    const statements = ofType(data, 'AWS::S3::BucketPolicy')
      .filter(([, { Properties }]) => Properties.Bucket.Ref === id)
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
    const loosening =
      /^s3:(\*|Delete|PutObjectRetention|BypassGovernance|PutBucketObjectLock|PutObjectLegal|PutBucket)/;

    expect(bucket?.Properties.ObjectLockConfiguration.Rule.DefaultRetention).toEqual({
      Mode: 'COMPLIANCE',
      Days: 2_557,
    });
    expect(statements).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:PutObjectRetention'],
      }),
    );
    expect(
      functions.filter(([one]) =>
        permissions(service, one).some(({ actions }) => actions.some((action) => loosening.test(action))),
      ),
    ).toEqual([]);
  });

  it.each([
    ['an entry was touched', 'ledger_tamper_alarm', 0],
    ['checkpoints are late', 'ledger_checkpoint_age_s', 180],
    ['decisions reach machines late', 'approval_resume_lag_ms', 30_000],
    ['people do not answer', 'approval_expired_count', 20],
    ['people do not read', 'approval_fast_approve_count', 30],
    ['a stream is not followed', 'IteratorAge', 180_000],
    ['a price is not known', 'model_unpriced', 0],
    ['conversations are read anew', 'model_cache_miss', 5],
    ['a route is closed, a model goes or the bill differs', 'model_check_alarm', 0],
  ])('rings when %s', (_, metric, threshold) => {
    const alarms = ofType(service, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
    const found = alarms.filter((one) => JSON.stringify(one).includes(`"${metric}"`));

    expect(found.length).toBeGreaterThan(0);
    for (const one of found) {
      expect(one).toMatchObject({ Threshold: threshold, ComparisonOperator: 'GreaterThanThreshold' });
    }
  });
});

describe("a tenant's credentials", () => {
  /** By role, what it may do with them. */
  const allowed = ofType(service, 'AWS::IAM::Policy').flatMap(([, { Properties }]) =>
    Properties.PolicyDocument.Statement.filter((one: { Resource: unknown }) =>
      JSON.stringify(one.Resource).includes(':secret:signalbox/credentials/*'),
    ).map(({ Action }: { Action: string | string[] }) => ({
      role: Properties.Roles[0].Ref,
      actions: [Action].flat().map((one) => one.replace('secretsmanager:', '')),
    })),
  );

  it('are read by the task that runs taps alone, and put by the function that leads register with', () => {
    expect(allowed).toHaveLength(2);
    expect(allowed).toEqual(
      expect.arrayContaining([
        {
          role: expect.stringMatching(/^AgentsTapTask/),
          actions: ['GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'],
        },
        {
          role: expect.stringMatching(/^DashboardIntegrations/),
          actions: ['CreateSecret', 'PutSecretValue'],
        },
      ]),
    );
  });

  it('are within no other grant: each other secret is named, or below another name', () => {
    const secrets = ofType(service, 'AWS::IAM::Policy')
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      .filter(({ Action }) => JSON.stringify(Action).includes('secretsmanager:'))
      .flatMap(({ Resource }) => [Resource].flat().map((one) => JSON.stringify(one)));

    expect(secrets.length).toBeGreaterThan(10);
    expect(secrets.filter((one) => /secret:(?:\*|signalbox\/\*|signalbox\/c\*)/.test(one))).toEqual([]);
  });
});

describe('the network', () => {
  it('has no ingress, no NAT gateway, and no service that runs while nothing is worked on', () => {
    for (const [, { Properties }] of ofType(service, 'AWS::EC2::SecurityGroup'))
      expect(Properties.SecurityGroupIngress).toBeUndefined();
    for (const kind of [
      'AWS::EC2::NatGateway',
      'AWS::EC2::SecurityGroupIngress',
      'AWS::ECS::Service',
      'AWS::Lambda::Url',
    ])
      service.resourceCountIs(kind, 0);
  });
});

describe('what is written down', () => {
  it('T08: never holds a path or a query: those can hold a link', () => {
    const [stage] = ofType(service, 'AWS::ApiGatewayV2::Stage');
    const format = stage?.[1].Properties.AccessLogSettings.Format as string;

    expect(format).toContain('$context.routeKey');
    expect(format).not.toMatch(/path|query|header|error\.message/i);
  });

  it('T08: never holds execution data: that has task tokens', () => {
    service.allResourcesProperties('AWS::StepFunctions::StateMachine', {
      LoggingConfiguration: Match.objectLike({ IncludeExecutionData: false }),
    });
  });
});

describe('queues', () => {
  it('end in dead letters that are kept for two weeks', () => {
    const queues = ofType(service, 'AWS::SQS::Queue');
    const working = queues.filter(([, { Properties }]) => Properties.RedrivePolicy);
    const dead = queues.filter(([, { Properties }]) => !Properties.RedrivePolicy);

    expect(working.length).toBeGreaterThanOrEqual(2);
    expect(
      dead.filter(([, { Properties }]) => Properties.MessageRetentionPeriod !== 1_209_600).map(([id]) => id),
    ).toEqual([]);
  });

  it('hide a message for at least six times as long as its function may take', () => {
    for (const [, { Properties }] of ofType(service, 'AWS::SQS::Queue').filter(
      ([, one]) => one.Properties.RedrivePolicy,
    )) {
      expect(Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * 30);
    }
  });
});
