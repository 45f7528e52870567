import { count } from '../journal.ts';
import { lambda, mapping, queue, table } from '../template.ts';
import type { Scenario } from '../world.ts';

const THINGS = ['a', 'b', 'c'];

/** A transaction, the table's stream, a function, a queue, a function. */
export const scenario: Scenario = {
  resources: {
    Things: table('id'),
    Queue: queue(),
    Forward: lambda('forward', ['Queue']),
    Take: lambda('take'),
    ForwardThings: mapping('Things', 'Forward', 'StreamArn'),
    TakeQueue: mapping('Queue', 'Take'),
  },

  async play({ once, until, aws, ref, lines }) {
    const TableName = ref('Things');
    for (const [index, id] of THINGS.entries()) {
      const Put = { TableName, Item: { id: { S: id }, n: { N: '1' } } };
      const Update = {
        TableName,
        Key: { id: { S: 'sum' } },
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      };
      const input = { ClientRequestToken: `token-${index}`, TransactItems: [{ Put }, { Update }] };
      await once(`transaction ${id}`, () => aws('DynamoDB_20120810.TransactWriteItems', input));
    }
    const wanted = [...THINGS.map((id) => `take ${id} 1`), ...[1, 2, 3].map((n) => `take sum ${n}`)];
    await until('everything taken', () => wanted.every((name) => count(lines(), 'end', name) > 0));
    await until('the queue empty', async () => {
      const input = { QueueUrl: ref('Queue'), AttributeNames: ['All'] };
      const { Attributes } = await aws('AmazonSQS.GetQueueAttributes', input);
      return (
        Attributes.ApproximateNumberOfMessages + Attributes.ApproximateNumberOfMessagesNotVisible === '00'
      );
    });
  },

  async check({ aws, ref }, all, crashes) {
    const { Items } = await aws('DynamoDB_20120810.Scan', { TableName: ref('Things') });
    const kept = Items.map((item: Record<string, Record<string, string>>) => `${item.id?.S} ${item.n?.N}`);
    const wanted = ['a 1', 'b 1', 'c 1', 'sum 3'];
    const begun = [...new Set(all.filter(({ what }) => what === 'begin').map(({ name }) => name))];
    const forwarded = begun.filter((name) => name.startsWith('forward sum'));
    return {
      lost: [
        ...wanted.filter((item) => !kept.includes(item)),
        ...(forwarded.join() === [1, 2, 3].map((n) => `forward sum ${n}`).join()
          ? []
          : [`order: ${forwarded}`]),
      ],
      doubled: [
        ...kept.filter((item: string) => !wanted.includes(item)),
        ...begun.filter(
          (name) => count(all, 'begin', name) > 1 + crashes * (name.startsWith('take') ? 2 : 1),
        ),
      ],
    };
  },
};
