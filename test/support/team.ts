import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dynamo } from '#adapters/aws/clients.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoPolicies } from '#adapters/dynamodb/policies.ts';
import { Person, personId } from '#core/people/person.ts';
import { defaultPolicy } from '#core/policy/default.ts';
import { start } from '#local/start.ts';
import { ORG } from './approvals.ts';

export type Team = Awaited<ReturnType<typeof productWithTeam>>;

/** The kinds of mail that this team's policy knows: one that leads decide, one that takes their passkey, one that just goes. */
const DOCUMENT = {
  ...defaultPolicy(ORG),
  approvals: { leads: { groups: ['eng-leads'], ttl: '4h' } },
  default: { mode: 'deny' as const, risk: 'high' as const, approval: 'leads' },
  rules: [
    {
      ...{ id: 'mail', action: 'email.send', risk: 'medium' as const, mode: 'require_approval' as const },
      ...{ approval: 'leads', modifiable: ['/subject', '/to'] },
    },
    {
      ...{ id: 'refund', action: 'billing.refund', risk: 'high' as const },
      ...{ mode: 'require_approval' as const, approval: 'leads' },
    },
    { id: 'look', action: 'repo.read', risk: 'low' as const, mode: 'auto' as const },
  ],
};

/** The synthesised product on the local AWS: Olga proposes; Anna and Ben are the leads who are asked. */
export async function productWithTeam(parameters: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-team-'));
  const local = await start({
    ...{ root: process.cwd(), folder, ports: { product: 0, aws: 0, mailbox: 0 } },
    parameters: () => ({
      ...{ FirstOrg: ORG, AdminEmail: 'admin@acme.example', MailFrom: 'signalbox@acme.example' },
      ...parameters,
    }),
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: local.url('aws'),
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  });
  const tableOf = (id: string) =>
    local.assembly.resources.find((one) => new RegExp(`^${id}[0-9A-F]{8}$`).test(one.id))?.name ?? '';
  const at = new Date().toISOString();
  for (const [name, groups] of Object.entries({ anna: ['eng-leads'], ben: ['eng-leads'], olga: [] })) {
    const email = `${name}@acme.example`;
    const person = {
      org: ORG,
      id: personId(ORG, email),
      email,
      name,
      roles: ['lead'],
      groups,
      createdAt: at,
    };
    await dynamoPeople(tableOf('People')).admit(Person.parse(person));
  }
  const policies = dynamoPolicies(tableOf('Policies'));
  await policies.activate(ORG, { replaces: 0, document: DOCUMENT, text: '', actionId: 'act_0', at });

  const url = local.url('product');
  const send = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${url}${path}`, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { 'content-type': 'application/json', ...headers },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };

  async function codeOf(email: string): Promise<string> {
    for (let tries = 0; tries < 200; tries += 1) {
      const mails = await (await fetch(`${local.url('mailbox')}/mails.json?to=${email}`)).json();
      const mail = mails.find(({ subject }: { subject: string }) => /sign in/i.test(subject));
      const code = /Code: (\S+)/.exec(mail?.text ?? '')?.[1];
      if (code) return code;
      await sleep(100);
    }
    throw new Error(`No code reached ${email}`);
  }

  async function signIn(name: string): Promise<string> {
    const email = `${name}@acme.example`;
    await send('/auth/code', { email });
    return (await send('/auth/session', { email, code: await codeOf(email), client: 'cli' })).token;
  }
  const tokens: Record<string, Promise<string>> = {};
  const tokenOf = (name: string) => {
    tokens[name] ??= signIn(name);
    return tokens[name];
  };

  const olga = await tokenOf('olga');
  /** Olga asks for something; answers its id. */
  async function propose(type: string, payload: object): Promise<string> {
    const headers = { authorization: `Bearer ${olga}`, 'idempotency-key': randomBytes(12).toString('hex') };
    return (await send('/v1/actions/propose', { type, payload, reason: 'She says so' }, headers)).action_id;
  }

  async function decline(name: string, id: string, reason: string): Promise<void> {
    const headers = { authorization: `Bearer ${await tokenOf(name)}` };
    const path = `/v1/approvals/${id}`;
    const { revision, payload_hash } = await (await fetch(`${url}${path}`, { headers })).json();
    await send(`${path}/decision`, { decision: 'decline', reason, revision, payload_hash }, headers);
  }

  async function stop(): Promise<void> {
    await local.stop();
    dynamo().destroy();
    rmSync(folder, { recursive: true, force: true });
  }
  return { url, codeOf, tokenOf, tableOf, propose, decline, stop };
}

/** A mail that can be asked for. */
export const MAIL = {
  to: ['rita@customer.example', 'sam@customer.example'],
  subject: 'Your order 4711',
  body: 'It is late.\nWe are sorry.',
};

export const REFUND = { charge: 'ch_1', customer: 'Rita', amount: 1_500, currency: 'EUR' };
