import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamo } from '#adapters/aws/clients.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoSlackPeople } from '#adapters/dynamodb/slack-people.ts';
import type { Approval } from '#core/approvals/approval.ts';
import type { Approvals } from '#core/approvals/ports.ts';
import { requests } from '#core/approvals/request.ts';
import { personId } from '#core/people/person.ts';
import type { Notices } from '#core/ports.ts';
import type { Local } from '#local/instance.ts';
import { start } from '#local/start.ts';
import { ANNA, BEN, ORG, question, vote } from '../support/approvals.ts';
import { type Posted, SLACK_APP, type SlackDouble, slackDouble, TEAM } from '../support/slack/double.ts';

const clock = { now: () => new Date() };
const member = (name: string) => ({ team: TEAM, user: `U0${name.toUpperCase()}` });

let local: Local;
let workspace: SlackDouble;
let approvals: Approvals;
let notices: Notices;
const folder = mkdtempSync(join(tmpdir(), 'signalbox-slack-'));

/** The synthesised product on the local AWS, with its routes, streams and queues, beside a Slack of its own. */
beforeAll(async () => {
  workspace = await slackDouble(clock);
  local = await start({
    root: process.cwd(),
    folder,
    ports: { product: 0, aws: 0, mailbox: 0 },
    parameters: () => ({
      ...{ FirstOrg: ORG, AdminEmail: 'admin@acme.example', MailFrom: 'signalbox@acme.example' },
      SlackUrl: workspace.url,
    }),
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: local.url('aws'),
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  });
  local.services.vault.put(`signalbox/slack/${ORG}`, JSON.stringify(SLACK_APP));
  const people = tableOf('People');
  for (const name of ['anna', 'ben']) {
    const email = `${name}@acme.example`;
    const id = personId(ORG, email);
    const person = { org: ORG, id, email, name, roles: ['viewer' as const], groups: [] };
    await dynamoPeople(people).admit({ ...person, createdAt: clock.now().toISOString() });
    await dynamoSlackPeople(people).link(person, member(name));
  }
  notices = dynamoNotices(tableOf('Notices'));
  approvals = dynamoApprovals({ approvals: tableOf('Approvals'), ledger: tableOf('Ledger'), people });
}, 60_000);

afterAll(async () => {
  await Promise.all([local?.stop(), workspace?.stop()]);
  dynamo().destroy();
  rmSync(folder, { recursive: true, force: true });
});

function tableOf(id: string): string {
  const named = new RegExp(`^${id}[0-9A-F]{8}$`);
  return (
    local.assembly.resources.find((one) => one.stack === 'SignalboxData' && named.test(one.id))?.name ?? ''
  );
}

/** A request that was asked, once its messages are in both approvers' Slack. */
async function asked(quorum = 1): Promise<{ approval: Approval; messages: Posted[] }> {
  const now = clock.now();
  const { step, text } = question({
    ...{ quorum, runId: undefined },
    requestedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + 3_600_000).toISOString(),
  });
  const approval = await approvals.propose(step, text);
  for (const notice of requests(approval, text)) await notices.post(notice);
  const messages = () =>
    workspace.posted.filter(({ versions }) => JSON.stringify(versions.at(-1)).includes(approval.id));
  await expect.poll(messages, { timeout: 10_000 }).toHaveLength(2);
  return { approval, messages: messages() };
}

const messageOf = (name: string, messages: Posted[]) =>
  messages.find(({ channel }) => channel === `D0${name.toUpperCase()}`) as Posted;
const shown = ({ versions: [newest] }: Posted) => JSON.stringify(newest);

function post({ headers, body }: { headers: Record<string, string>; body: string }): Promise<Response> {
  return fetch(`${local.url('product')}/webhooks/slack/${ORG}/interactions`, {
    method: 'POST',
    headers,
    body,
  });
}

const approve = (name: string, messages: Posted[]) =>
  post(workspace.press(member(name), messageOf(name, messages), 'approve'));

describe('the product and Slack', { timeout: 30_000 }, () => {
  it('asks in Slack, takes the press, and edits every copy', async () => {
    const { approval, messages } = await asked();
    const answer = await approve('anna', messages);
    const [first, second] = messages as [Posted, Posted];

    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('');
    expect(await approvals.find(ORG, approval.id)).toMatchObject({
      status: 'APPROVED',
      decision: { by: ANNA, channel: 'slack' },
    });
    await expect.poll(() => shown(first), { timeout: 10_000 }).toContain('Approved by anna@acme.example');
    await expect.poll(() => shown(second), { timeout: 10_000 }).toContain('Approved by anna@acme.example');
  });

  it('edits the copies when the decision was made on the web', async () => {
    const { approval, messages } = await asked();
    await approvals.decide(
      ORG,
      approval.id,
      vote(approval, { verdict: 'decline', reason: 'no' }),
      clock.now(),
    );

    for (const message of messages) {
      await expect.poll(() => shown(message), { timeout: 10_000 }).toContain('Declined by anna@acme.example');
    }
  });

  it('declines by the modal', async () => {
    const { approval, messages } = await asked();
    await post(workspace.press(member('ben'), messageOf('ben', messages), 'decline'));
    const answer = await post(workspace.submit(member('ben'), { reason: 'Not today' }));

    expect(answer.status).toBe(200);
    expect(await approvals.find(ORG, approval.id)).toMatchObject({
      status: 'DECLINED',
      decision: { by: BEN, reason: 'Not today' },
    });
  });

  it('tells a stranger to link their account', async () => {
    const { messages } = await asked();
    await post(workspace.press(member('zoe'), messageOf('anna', messages), 'approve'));

    await expect.poll(() => JSON.stringify(workspace.whispers), { timeout: 10_000 }).toContain('/auth/slack');
  });

  it('T21, T43: answers presses that race in well under the three seconds that Slack waits, with one decision', async () => {
    const took: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const { approval, messages } = await asked();
      const answers = await Promise.all(
        ['anna', 'ben', 'anna', 'ben'].map(async (name) => {
          const began = performance.now();
          const { status } = await approve(name, messages);
          took.push(performance.now() - began);
          return status;
        }),
      );

      expect(answers).toEqual([200, 200, 200, 200]);
      expect(
        (await approvals.ledger(ORG, approval.id)).filter(({ text }) => text.includes('"DECIDED"')),
      ).toHaveLength(1);
    }

    expect(Math.max(...took)).toBeLessThan(1_500);
  });
});
