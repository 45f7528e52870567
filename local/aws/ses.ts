import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { groupCommit } from '../group-commit.ts';
import type { Store } from '../store.ts';
import { AwsError, only, type Rest, type RestReply, refuse } from './service.ts';

/** A mail as it was sent; nothing leaves this machine. */
export interface Mail {
  id: string;
  /** Epoch milliseconds. */
  sent: number;
  from: string;
  to: string[];
  cc: string[];
  bcc: string[];
  replyTo: string[];
  subject: string;
  text?: string;
  html?: string;
  tags: Record<string, string>;
  /** ConfigurationOverrides, headers and list management as given: tests look at tracking here. */
  options: Record<string, unknown>;
}

export interface Ses {
  rest: Rest;
  /** Newest first. */
  mails(): Mail[];
  mail(id: string): Mail | undefined;
}

const KNOWN = [
  ...['FromEmailAddress', 'Destination', 'ReplyToAddresses', 'Content', 'EmailTags', 'ConfigurationSetName'],
  ...['ConfigurationOverrides', 'FromEmailAddressIdentityArn', 'FeedbackForwardingEmailAddress'],
];
const ADDRESS = /^[^\s@<>]+@[^\s@<>]+$|^[^\n<>]*<[^\s@<>]+@[^\s@<>]+>$/;
const MAX_RECIPIENTS = 50;

const IDENTITY = /^\/v2\/email\/identities\/[^/]+$/;
/** Whoever sends here may. */
const VERIFIED = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ VerifiedForSendingStatus: true, VerificationStatus: 'SUCCESS' }),
};

/** SES v2 as a mailbox: SendEmail with simple content keeps the mail in the store. */
export function ses(store: Store, clock: Clock): Ses {
  const table = 'ses_mail (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, mail TEXT NOT NULL)';
  store.sql(`CREATE TABLE IF NOT EXISTS ${table}`).run();
  const commit = groupCommit(store);

  async function sendEmail(body: Buffer): Promise<RestReply> {
    const mail = { id: randomUUID(), sent: clock.now(), ...parse(JSON.parse(body.toString() || '{}')) };
    await commit(() =>
      store.sql('INSERT INTO ses_mail (id, mail) VALUES (?, ?)').run(mail.id, JSON.stringify(mail)),
    );
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ MessageId: mail.id }),
    };
  }

  return {
    rest: ({ method, path, body }) => {
      if (method === 'POST' && path === '/v2/email/outbound-emails') return sendEmail(body);
      if (method === 'GET' && IDENTITY.test(path)) return VERIFIED;
      return refuse(`SES ${method} ${path}`);
    },
    mails: () => store.sql('SELECT mail FROM ses_mail ORDER BY seq DESC').all().map(mailOf),
    mail: (id) => store.sql('SELECT mail FROM ses_mail WHERE id = ?').all(id).map(mailOf)[0],
  };
}

function mailOf(row: Record<string, unknown>): Mail {
  return JSON.parse(String(row.mail));
}

interface SendEmailInput {
  FromEmailAddress?: string;
  Destination?: { ToAddresses?: string[]; CcAddresses?: string[]; BccAddresses?: string[] };
  ReplyToAddresses?: string[];
  Content?: { Simple?: SimpleContent };
  EmailTags?: { Name: string; Value: string }[];
  ConfigurationSetName?: string;
  ConfigurationOverrides?: object;
}

interface SimpleContent {
  Subject?: { Data?: string; Charset?: string };
  Body?: { Text?: { Data?: string; Charset?: string }; Html?: { Data?: string; Charset?: string } };
  Headers?: { Name: string; Value: string }[];
}

function parse(input: SendEmailInput): Omit<Mail, 'id' | 'sent'> {
  only('SendEmail', input, KNOWN);
  only('SendEmail Content', input.Content ?? {}, ['Simple']);
  const simple = input.Content?.Simple ?? invalid('Content must be given.');
  only('SendEmail Content.Simple', simple, ['Subject', 'Body', 'Headers']);
  const text = simple.Body?.Text?.Data;
  const html = simple.Body?.Html?.Data;
  const subject = simple.Subject?.Data ?? invalid('Subject must be given.');
  if (text === undefined && html === undefined) invalid('Body must be given.');
  return {
    ...addresses(input),
    ...{ subject, text, html },
    tags: Object.fromEntries((input.EmailTags ?? []).map(({ Name, Value }) => [Name, Value])),
    options: {
      ConfigurationSetName: input.ConfigurationSetName,
      ConfigurationOverrides: input.ConfigurationOverrides,
      Headers: simple.Headers,
    },
  };
}

function addresses({ FromEmailAddress, Destination = {}, ReplyToAddresses = [] }: SendEmailInput) {
  only('SendEmail Destination', Destination, ['ToAddresses', 'CcAddresses', 'BccAddresses']);
  const from = FromEmailAddress ?? invalid('FromEmailAddress must be given.');
  const { ToAddresses: to = [], CcAddresses: cc = [], BccAddresses: bcc = [] } = Destination;
  const count = to.length + cc.length + bcc.length;
  if (count === 0) invalid('Destination must name a recipient.');
  if (count > MAX_RECIPIENTS) invalid(`Recipient count exceeds ${MAX_RECIPIENTS}.`);
  for (const address of [from, ...to, ...cc, ...bcc, ...ReplyToAddresses]) {
    if (!ADDRESS.test(address)) invalid(`Illegal address: ${JSON.stringify(address)}`);
  }
  return { from, to, cc, bcc, replyTo: ReplyToAddresses };
}

function invalid(message: string): never {
  throw new AwsError('BadRequestException', message);
}
