import * as z from 'zod';
import { sqsQueue } from '#adapters/aws/queue.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { slackCopies } from '#adapters/dynamodb/slack-copies.ts';
import { log } from '#adapters/log.ts';
import { slackApps } from '#adapters/slack/apps.ts';
import { slack } from '#adapters/slack/client.ts';
import { type Approval, isOver } from '#core/approvals/approval.ts';
import { Fault, isForLater } from '#core/fault.ts';
import type { Minted, ToSend } from '#core/notice.ts';
import { parseJson } from '#core/parse.ts';
import type { Clock, Runs } from '#core/ports.ts';
import { ToSlack } from '#core/slack.ts';
import { queue } from '../queue.ts';
import { attempt, type CopyNeeds, messageOf, renew, renewAll } from '../slack-copies.ts';
import { type TellNeeds, tellPerson } from '../slack-notice.ts';

export const Env = z.object({
  APPROVALS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  NOTICES_TABLE: z.string(),
  PEOPLE_TABLE: z.string(),
  RUNS_TABLE: z.string(),
  SLACK_PREFIX: z.string(),
  SLACK_URL: z.url(),
  MAIL_QUEUE_URL: z.url(),
  PUBLIC_URL: z.url(),
});
export type Env = z.infer<typeof Env>;

interface Needs extends CopyNeeds, TellNeeds {
  connect: CopyNeeds['connect'];
  runs: Pick<Runs, 'say'>;
}

interface Delivery {
  body: string;
  attributes?: { ApproximateReceiveCount: string };
}

/** Tries, some minutes apart, after which a request goes by mail: an approver has to hear of it while there is time. */
const TRIES = 3;

/**
 * Says one thing in Slack. At least once: a message is noted after it was posted, so a crash between the two posts it
 * again, and only the second is edited afterwards. The first keeps its buttons, which then answer that it is decided.
 */
export function saying(needs: Needs) {
  return async ({ body, attributes }: Delivery): Promise<void> => {
    const message = parseJson(ToSlack, body);
    if (message.kind === 'post' || message.kind === 'tell') {
      const { kind, ...toSend } = message;
      const isLast = Number(attributes?.ApproximateReceiveCount ?? 1) >= TRIES;
      return kind === 'tell' ? tellPerson(toSend, isLast, needs) : post(toSend, isLast, needs);
    }
    if (message.kind === 'renew') return renewAll(message, needs);
    await attempt(message.org, needs, (bot) => bot.whisper(message, message.text));
  };
}

type Request = Extract<Minted, { kind: 'approval_link' }>;

async function post(message: ToSend, isLast: boolean, needs: Needs): Promise<void> {
  const { org, id } = message;
  const notice = (await needs.notices.find(org, id))?.notice;
  const asked = notice?.minted;
  if (asked?.kind !== 'approval_link') return;
  const opening = notice?.kind === 'approval_reminder' ? notice.paragraphs[0] : undefined;
  const copy = await needs.copies.find({ org, approvalId: asked.approvalId, noticeId: id });
  if (copy) return renew(copy, needs);
  try {
    const posted = await postFirst({ ...message, opening }, asked, needs);
    if (posted) await renew(posted.copy, needs, posted.version);
  } catch (error) {
    if (!(error instanceof Fault) || (isForLater(error) && !isLast)) throw error;
    await needs.mail(message);
    await complain(message, asked, { error, needs });
  }
}

/** Posts a request that still waits. Its version is what to look at again: it may have changed while it was posted and noted. */
async function postFirst(
  { opening, ...message }: ToSend & { opening: string | undefined },
  asked: Request,
  needs: Needs,
) {
  const { org, id: noticeId } = message;
  const { approvalId, revision, approver } = asked;
  const approval = await needs.approvals.find(org, approvalId);
  if (!approval || !waits(approval, revision, needs.clock.now())) return undefined;
  const [person, app] = await Promise.all([needs.people.find(org, approver), needs.apps.find(org)]);
  if (!app || !person?.slack || !app.teams.includes(person.slack.team)) {
    await needs.mail(message);
    return undefined;
  }
  const bot = needs.connect(app);
  const channel = await bot.direct(person.slack.user);
  const ts = await bot.post(channel, await messageOf(approval, { revision, opening }, needs));
  const copy = { org, approvalId, revision, noticeId, channel, ts };
  await needs.copies.keep(copy, needs.clock.now());
  return { copy, version: approval.version };
}

function waits(approval: Approval, revision: number, now: Date): boolean {
  return approval.status === 'PENDING' && approval.revision === revision && !isOver(approval, now);
}

/** Says in the log and on the ticket that Slack did not take a request, and what an admin can do. */
async function complain(
  { org, to }: ToSend,
  { approvalId }: Request,
  { error: { code, message }, needs }: { error: Fault; needs: Needs },
): Promise<void> {
  log.error('Slack did not take a request; it goes by mail', { org, approvalId, code, reason: message });
  const approval = await needs.approvals.find(org, approvalId);
  if (!approval?.runId) return;
  const advice = code === 'Unauthorized' ? ' An admin has to renew the Slack app; see docs/slack.md.' : '';
  await needs.runs.say(org, approval.runId, {
    id: `${approval.requestedAt}#${approvalId}#slack#${to}`,
    at: approval.requestedAt,
    stage: 'approval',
    who: 'platform',
    level: 'warn',
    text: `The request goes to ${to} by mail: ${message}.${advice}`.slice(0, 2_000),
  });
}

export const handler = queue(Env, async (env) => {
  const approvals = dynamoApprovals({ approvals: env.APPROVALS_TABLE, ledger: env.LEDGER_TABLE });
  return saying({
    apps: slackApps(env.SLACK_PREFIX, clock),
    connect: ({ botToken: token }) => slack({ url: env.SLACK_URL, token, patienceMs: 20_000 }),
    approvals,
    notices: dynamoNotices(env.NOTICES_TABLE),
    copies: slackCopies(env.NOTICES_TABLE),
    people: dynamoPeople(env.PEOPLE_TABLE),
    runs: dynamoRuns(env.RUNS_TABLE),
    mail: sqsQueue<ToSend>(env.MAIL_QUEUE_URL),
    clock,
    publicUrl: env.PUBLIC_URL.replace(/\/$/, ''),
  });
});
