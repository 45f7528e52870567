import { SESv2Client, SendEmailCommand, type SendEmailCommandInput } from '@aws-sdk/client-sesv2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client } from './local-subject.ts';

export interface SesSubject {
  endpoint: string;
  close(): Promise<void>;
}

/** What SES v2 promises, for whichever SES `open` gives. */
export function sesContract(open: () => Promise<SesSubject>): void {
  let subject: SesSubject;
  let sdk: SESv2Client;
  const text = (Data: string) => ({ Simple: { Subject: { Data: 'Hi' }, Body: { Text: { Data } } } });
  const mail = (input: Partial<SendEmailCommandInput> = {}) =>
    sdk.send(
      new SendEmailCommand({
        FromEmailAddress: 'Signalbox <bot@example.com>',
        Destination: { ToAddresses: ['ada@example.com'] },
        Content: text('x'),
        ...input,
      }),
    );

  beforeAll(async () => {
    subject = await open();
    sdk = new SESv2Client({ ...client, endpoint: subject.endpoint });
  });
  afterAll(() => subject.close());

  it('answers each mail with an id of its own', async () => {
    const [one, two] = [await mail(), await mail()];

    expect(one.MessageId).toBeTruthy();
    expect(one.MessageId).not.toBe(two.MessageId);
  });

  it.each([
    ['no recipient', { Destination: {} }],
    ['an address that is none', { Destination: { ToAddresses: ['ada'] } }],
    [
      'an address with a line break',
      { Destination: { ToAddresses: ['ada@example.com\nBcc: eve@example.com'] } },
    ],
    ['no content', { Content: {} }],
    ['51 recipients', { Destination: { ToAddresses: Array(51).fill('ada@example.com') } }],
  ])('refuses a mail with %s', async (_, input) => {
    await expect(mail(input)).rejects.toMatchObject({ name: 'BadRequestException' });
  });
}
