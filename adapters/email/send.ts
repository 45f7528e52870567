import { SendEmailCommand } from '@aws-sdk/client-sesv2';
import { ses } from '../aws/clients.ts';
import type { Mail } from './render.ts';

/** Sends to one address. Tracking is off for this message whatever the account says: it would rewrite the links. */
export function sesMail(from: string): (to: string, mail: Mail) => Promise<void> {
  return async (to, { subject, text, html }) => {
    await ses().send(
      new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [to] },
        Content: {
          Simple: {
            Subject: { Data: subject, Charset: 'UTF-8' },
            Body: { Text: { Data: text, Charset: 'UTF-8' }, Html: { Data: html, Charset: 'UTF-8' } },
          },
        },
        ConfigurationOverrides: {
          Tracking: { ClickTrackingEnabled: 'DISABLED', OpenTrackingEnabled: 'DISABLED' },
        },
      }),
    );
  };
}
