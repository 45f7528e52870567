import { count } from '../journal.ts';
import { lambda, mapping, queue, rule, table } from '../template.ts';
import type { Scenario, World } from '../world.ts';

const stumbling = (name: string, times: number, refs: string[] = []) => {
  const made = lambda('stumble', refs);
  Object.assign(made.Properties.Environment.Variables, { NAME: name, STUMBLES: String(times) });
  return made;
};

const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const REDRIVE = { deadLetterTargetArn: arn('Dead'), maxReceiveCount: 2 };

/** What fails: a stream's batch that is tried again, a message that ends as a dead letter, an invocation that nobody can make. */
export const scenario: Scenario = {
  resources: {
    Things: table('id'),
    Dead: queue(),
    Queue: queue({ VisibilityTimeout: 60, RedrivePolicy: REDRIVE }),
    Fallen: queue(),
    Forward: stumbling('forward', 2, ['Queue']),
    ForwardThings: mapping('Things', 'Forward', 'StreamArn'),
    Digest: stumbling('digest', 0),
    DigestQueue: mapping('Queue', 'Digest'),
    Fall: stumbling('fall', 1000),
    FallPolicy: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'Fall' },
        Qualifier: '$LATEST',
        DestinationConfig: { OnFailure: { Destination: arn('Fallen') } },
      },
    },
    Rule: rule({ EventPattern: { source: ['crash'] } }, ['Fall']),
  },

  async play({ once, until, aws, ref, lines, local }) {
    const Item = { id: { S: 'a' }, n: { N: '1' } };
    await once('put', () => aws('DynamoDB_20120810.PutItem', { TableName: ref('Things'), Item }));
    const message = { QueueUrl: ref('Queue'), MessageBody: 'poison' };
    await once('poison', () => aws('AmazonSQS.SendMessage', message));
    const Entries = [{ Source: 'crash', DetailType: 'Happened', Detail: '{}' }];
    await once('event', () => aws('AWSEvents.PutEvents', { Entries }));
    await until('the good message', () => count(lines(), 'end', 'digest') > 0);
    await until('the dead letter', () => bodies({ local, ref }, 'Dead').length > 0);
    await until('the record of the failure', () => bodies({ local, ref }, 'Fallen').length > 0);
    await until('empty queues', () => bodies({ local, ref }, 'Queue').length === 0);
  },

  async check(world, all, crashes) {
    const sent = (name: string) => count(all, 'try', name);
    const dead = bodies(world, 'Dead');
    const fallen = bodies(world, 'Fallen');
    return {
      lost: dead.every((body) => body === 'poison') ? [] : [`dead: ${dead}`],
      doubled: [
        ...(dead.length > sent('poison') ? [`${dead.length} dead letters`] : []),
        ...(fallen.length > sent('event') ? [`${fallen.length} records of the failure`] : []),
        ...(count(all, 'begin', 'fall') > 3 * sent('event') + crashes ? ['fall'] : []),
        ...(count(all, 'begin', 'forward') > 3 + crashes ? ['forward'] : []),
      ],
    };
  },
};

function bodies({ local, ref }: Pick<World, 'local' | 'ref'>, id: string): string[] {
  const name = ref(id).split('/').at(-1) ?? '';
  const rows = local.store.sql('SELECT body FROM sqs_message WHERE queue = ?').all(name);
  return rows.map(({ body }) => String(body));
}
