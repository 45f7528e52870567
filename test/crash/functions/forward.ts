import { note } from '../journal.ts';
import { aws } from '../wire.ts';

interface Event {
  Records: { dynamodb: { NewImage: { id: { S: string }; n: { N: string } } } }[];
}

const { JOURNAL = '', AWS_ENDPOINT_URL = '', Queue } = process.env;

/** Sends every change of the table to the queue. */
export const handler = async ({ Records }: Event) => {
  for (const { dynamodb } of Records) {
    const { id, n } = dynamodb.NewImage;
    const name = `forward ${id.S} ${n.N}`;
    note(JOURNAL, { what: 'begin', name });
    const input = { QueueUrl: Queue, MessageBody: `${id.S} ${n.N}` };
    await aws(AWS_ENDPOINT_URL, 'AmazonSQS.SendMessage', input);
    note(JOURNAL, { what: 'end', name });
  }
};
