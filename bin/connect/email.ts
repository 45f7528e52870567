import { isVerified } from '#adapters/email/identity.ts';
import { sesMail } from '#adapters/email/send.ts';
import type { Check } from './place.ts';

/** Whether SES lets the product send from its address, and a mail to see that it arrives. */
export async function connectEmail({ from, to }: { from: string; to: string }): Promise<Check[]> {
  const sender = await senderCheck(from);
  return sender.ok ? [sender, await testMail(from, to)] : [sender];
}

export async function senderCheck(from: string): Promise<Check> {
  const verified = await isVerified(from);
  const problem =
    verified === undefined
      ? `SES does not know ${from}: deploy with MailFrom=${from}`
      : `${from} is not verified yet: follow the link in the mail that SES has sent there`;
  return { what: 'sender', ok: verified === true, detail: verified ? `${from} is verified` : problem };
}

async function testMail(from: string, to: string): Promise<Check> {
  const what = 'test mail';
  const words = 'Signalbox is connected. This mail is a test.';
  try {
    await sesMail(from)(to, { subject: 'Signalbox: a test', text: words, html: `<p>${words}</p>` });
    return { what, ok: true, detail: `sent to ${to}: is it there?` };
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== 'MessageRejected') throw error;
    return { what, ok: false, detail: `${message} In the SES sandbox only verified addresses get mail.` };
  }
}
