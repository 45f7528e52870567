import { count, lines, note } from '../journal.ts';
import { aws } from '../wire.ts';

const { JOURNAL = '', AWS_ENDPOINT_URL = '', Queue, STUMBLES, NAME = '' } = process.env;

/** Fails as often as it is told, then sends on what it was given. */
export const handler = async (event: unknown) => {
  note(JOURNAL, { what: 'begin', name: NAME });
  if (JSON.stringify(event).includes('poison') || count(lines(JOURNAL), 'failed', NAME) < Number(STUMBLES)) {
    note(JOURNAL, { what: 'failed', name: NAME });
    throw new Error('stumbled');
  }
  if (Queue) await aws(AWS_ENDPOINT_URL, 'AmazonSQS.SendMessage', { QueueUrl: Queue, MessageBody: 'good' });
  note(JOURNAL, { what: 'end', name: NAME });
};
