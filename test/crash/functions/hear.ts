import { note } from '../journal.ts';
import { rest } from '../wire.ts';

const { JOURNAL = '', AWS_ENDPOINT_URL = '' } = process.env;

/** Mails what it hears. */
export const handler = async ({ id }: { id: string }) => {
  note(JOURNAL, { what: 'begin', name: `hear ${id}` });
  const body = JSON.stringify({
    FromEmailAddress: 'crash@example.com',
    Destination: { ToAddresses: ['crash@example.com'] },
    Content: { Simple: { Subject: { Data: id }, Body: { Text: { Data: 'heard' } } } },
  });
  const headers = { 'content-type': 'application/json' };
  await rest(AWS_ENDPOINT_URL, {
    service: 'ses',
    method: 'POST',
    path: '/v2/email/outbound-emails',
    body,
    headers,
  });
  note(JOURNAL, { what: 'end', name: `hear ${id}` });
};
