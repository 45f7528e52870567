import { count } from '../journal.ts';
import { queue } from '../template.ts';
import type { Scenario } from '../world.ts';

const GROUPS = ['red', 'blue'];
const SENT = [1, 2, 3].flatMap((n) => GROUPS.map((group) => ({ group, body: `${group}-${n}` })));

/** A FIFO queue with deduplication: every message is sent twice, and taken in the order of its group. */
export const scenario: Scenario = {
  resources: { Queue: queue({ FifoQueue: true, VisibilityTimeout: 20 }) },

  async play({ once, until, aws, ref }) {
    const QueueUrl = ref('Queue');
    for (const time of ['first', 'second'])
      for (const { group, body } of SENT) {
        const ids = { MessageGroupId: group, MessageDeduplicationId: body };
        const input = { QueueUrl, MessageBody: body, ...ids };
        await once(`send ${body} ${time}`, () => aws('AmazonSQS.SendMessage', input));
      }
    for (let taken = 0; taken < SENT.length; taken += 1) {
      const { Body, ReceiptHandle } = await once(`receive ${taken}`, () =>
        until('a message', async () => {
          const input = { QueueUrl, MaxNumberOfMessages: 1 };
          return (await aws('AmazonSQS.ReceiveMessage', input)).Messages?.[0];
        }),
      );
      await once(`delete ${Body}`, () => aws('AmazonSQS.DeleteMessage', { QueueUrl, ReceiptHandle }));
    }
  },

  async check({ aws, ref, lines }) {
    const { Messages = [] } = await aws('AmazonSQS.ReceiveMessage', { QueueUrl: ref('Queue') });
    const received = lines()
      .filter(({ what, name }) => what === 'acknowledged' && name.startsWith('receive'))
      .map(({ value }) => (value as { Body: string }).Body);
    return {
      lost: SENT.map(({ body }) => body).filter(
        (body) => count(lines(), 'acknowledged', `delete ${body}`) === 0,
      ),
      doubled: [
        ...Messages.map(({ Body }: { Body: string }) => `${Body} is still there`),
        ...received.filter((body, index) => received.indexOf(body) !== index),
        ...GROUPS.filter((group) => {
          const own = received.filter((body) => body.startsWith(group));
          return own.join() !== own.toSorted().join();
        }).map((group) => `order of ${group}: ${received}`),
      ],
    };
  },
};
