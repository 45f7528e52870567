import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  GetAccountCommand,
  GetEmailIdentityCommand,
  SESv2Client,
  SendEmailCommand,
} from '@aws-sdk/client-sesv2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ses, ses } from '#local/aws/ses.ts';
import { mailbox } from '#local/mailbox.ts';
import { client, type Opened, serve } from './local-subject.ts';
import { sesContract } from './ses.contract.ts';

const open = () => serve(ses, ({ rest }) => ({ rest: { ses: rest } }));

describe('SES of the local AWS', () => sesContract(open));

describe('the mailbox', () => {
  let local: Opened<Ses>;
  let sdk: SESv2Client;
  let url: string;
  const server = createServer((request, response) => mailbox({ ses: local.service() })(request, response));

  beforeAll(async () => {
    local = await open();
    sdk = new SESv2Client({ ...client, endpoint: local.endpoint });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await send('ada@example.com', 'First <b>');
    await send('grace@example.com', 'Second');
  });
  afterAll(async () => {
    server.close();
    await local.close();
  });

  const send = (to: string, subject: string) =>
    sdk.send(
      new SendEmailCommand({
        FromEmailAddress: 'bot@example.com',
        Destination: { ToAddresses: [to] },
        ReplyToAddresses: ['help@example.com'],
        EmailTags: [{ Name: 'kind', Value: 'approval' }],
        ConfigurationOverrides: { Tracking: { ClickTrackingEnabled: 'DISABLED' } } as never,
        Content: {
          Simple: {
            Subject: { Data: subject },
            Body: {
              Text: { Data: 'See https://example.com/a?b=1&c=2' },
              Html: { Data: '<a href="https://example.com/a">Decide</a><script>alert(1)</script>"' },
            },
          },
        },
      }),
    );
  const get = async (path: string) => (await fetch(url + path)).text();

  it('says of every sender that it is verified', async () => {
    const { VerifiedForSendingStatus } = await sdk.send(
      new GetEmailIdentityCommand({ EmailIdentity: 'bot@example.com' }),
    );

    expect(VerifiedForSendingStatus).toBe(true);
  });

  it('keeps what was sent, newest first, over a restart', async () => {
    const before = local.service().mails();
    await local.restart();

    expect(local.service().mails()).toEqual(before);
    expect(before.map(({ subject }) => subject)).toEqual(['Second', 'First <b>']);
    expect(before[0]).toMatchObject({
      to: ['grace@example.com'],
      from: 'bot@example.com',
      replyTo: ['help@example.com'],
      tags: { kind: 'approval' },
      options: { ConfigurationOverrides: { Tracking: { ClickTrackingEnabled: 'DISABLED' } } },
    });
  });

  it('lists by recipient, escaped', async () => {
    const all = await get('/');
    const adas = await get('/?to=ada%40example.com');

    expect(all).toContain('Second');
    expect(all).toContain('First &#60;b&#62;');
    expect(adas).not.toContain('Second');
    expect(await (await fetch(`${url}/mails.json?to=grace@example.com`)).json()).toMatchObject([
      { subject: 'Second' },
    ]);
  });

  it('shows the HTML in a frame that runs nothing, and the text with its links', async () => {
    const { id } = local.service().mails()[0] ?? {};
    const formatted = await get(`/mails/${id}`);
    const text = await get(`/mails/${id}?view=text`);

    expect(formatted).toMatch(/<iframe[^>]+sandbox="allow-top-navigation-by-user-activation/);
    expect(formatted).not.toContain('allow-scripts');
    expect(formatted).not.toContain('<script>');
    expect(formatted).toContain('srcdoc="&#60;base target=&#34;_top&#34;&#62;');
    expect(text).toContain('href="https://example.com/a?b=1&#38;c=2"');
  });

  it('shows nothing else, and takes nothing', async () => {
    expect((await fetch(`${url}/mails/none`)).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  });

  it('refuses by name what it does not do', async () => {
    await expect(sdk.send(new GetAccountCommand({}))).rejects.toThrow('/v2/email/account');
    const raw = { FromEmailAddress: 'a@b.c', Content: { Raw: { Data: Buffer.from('x') } } };
    await expect(sdk.send(new SendEmailCommand(raw))).rejects.toThrow('Raw');
  });
});
