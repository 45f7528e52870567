import * as z from 'zod';
import { sqsQueue } from '#adapters/aws/queue.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoReplays } from '#adapters/dynamodb/replays.ts';
import { dynamoSlackPeople } from '#adapters/dynamodb/slack-people.ts';
import { type SlackApp, type SlackApps, slackApps } from '#adapters/slack/apps.ts';
import type { View } from '#adapters/slack/blocks.ts';
import { type Slack, slack } from '#adapters/slack/client.ts';
import { Interaction, type Press, type Submission } from '#adapters/slack/interactions.ts';
import { ACTION, REASON } from '#adapters/slack/messages.ts';
import { changeView, declineView, FIELD, typedIn } from '#adapters/slack/views.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import type { ToSlack } from '#core/slack.ts';
import { AskEnv, askingFrom } from '../asking.ts';
import { http, type Reply, type Route } from '../http.ts';
import { decideInSlack, type Genuine, requestOf, type SlackNeeds } from '../slack-decision.ts';
import { slackSigned } from '../slack-signed.ts';

export const Env = AskEnv.extend({
  SLACK_PREFIX: z.string(),
  SLACK_URL: z.url(),
  SLACK_QUEUE_URL: z.url(),
  PUBLIC_URL: z.url(),
});
export type Env = z.infer<typeof Env>;

interface Needs extends SlackNeeds {
  apps: SlackApps;
  /** Whether a request is new; see {@link dynamoReplays}. */
  isNew(hash: string, now: Date): Promise<boolean>;
  connect(app: SlackApp): Pick<Slack, 'openView'>;
  say(message: ToSlack): Promise<void>;
}

/** Slack shows this as done. */
const DONE: Reply = { status: 200 };

/**
 * POST /webhooks/slack/{org}/interactions: what somebody pressed or sent off in Slack. Before the answer there is the
 * decision's own transaction and nothing else, or the modal, whose trigger lives for three seconds; all that is said is
 * said by a queue.
 */
export function slackInteraction(needs: Needs): Route {
  return async (request) => {
    const genuine = await slackSigned(request, needs);
    const payload = new URLSearchParams(request.text).get('payload') ?? '';
    const said = parseJson(Interaction, payload);
    return said.type === 'block_actions' ? press(said, genuine, needs) : submit(said, genuine, needs);
  };
}

async function press(said: Press, genuine: Genuine, needs: Needs): Promise<Reply> {
  const { action_id: id, value } = said.actions[0] ?? { action_id: '', value: '' };
  if (id === ACTION.decline) return open(said, declineView(value), genuine, needs);
  const why =
    (id === ACTION.approve && (await decideInSlack(said, { value, verdict: 'approve' }, genuine, needs))) ||
    (id === ACTION.change && (await change(said, value, genuine, needs)));
  if (why) await whisper(why, said, genuine, needs);
  return DONE;
}

/** One that cannot be opened any more, also by a copy of the press, is no error. */
async function open(
  { trigger_id: trigger }: Press,
  view: View,
  { app }: Genuine,
  { connect }: Needs,
): Promise<Reply> {
  try {
    await connect(app).openView(trigger, view);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'Gone') throw error;
  }
  return DONE;
}

/** Opens the modal with what is there now, for those who may see it; answers why not, otherwise. */
async function change(
  said: Press,
  value: string,
  genuine: Genuine,
  needs: Needs,
): Promise<string | undefined> {
  const found = await requestOf(said, { value, verdict: 'approve' }, genuine, needs);
  if (typeof found === 'string') return found;
  const { org, id, revision, modifiable } = found.approval;
  const view = changeView(value, (await needs.approvals.payload(org, id, revision)) ?? '{}', modifiable);
  if (!view) return 'What may be changed does not fit into Slack: open the exact request.';
  await open(said, view, genuine, needs);
  return undefined;
}

async function submit(said: Submission, genuine: Genuine, needs: Needs): Promise<Reply> {
  const { callback_id: id, private_metadata: value } = said.view;
  const typed = typedIn(said);
  if (id === ACTION.decline) {
    const reason = (typed[REASON] ?? '').trim().slice(0, 2_000);
    const why = reason
      ? await decideInSlack(said, { value, verdict: 'decline', reason }, genuine, needs)
      : 'To decline, say why.';
    return answer(REASON, why);
  }
  if (id !== ACTION.change) throw new Fault('Invalid', 'This is not a modal of ours');
  const marked = Object.keys(typed).find((path) => /[&<>]/.test(typed[path] ?? ''));
  if (marked) return answer(marked, 'Slack does not hand on &, < and > for sure: change this on the page.');
  return answer(
    Object.keys(typed)[0] ?? FIELD,
    await decideInSlack(said, { value, verdict: 'approve', typed }, genuine, needs),
  );
}

/** Closes the modal, or says at a field of it why it stays. */
function answer(field: string, why: string | undefined): Reply {
  return why ? { status: 200, body: { response_action: 'errors', errors: { [field]: why } } } : DONE;
}

/** A copy of a request says nothing again. */
async function whisper(text: string, { container, user }: Press, { org, hash }: Genuine, needs: Needs) {
  if (!(await needs.isNew(hash, needs.clock.now()))) return;
  await needs.say({ kind: 'whisper', org, channel: container.channel_id, user: user.id, text });
}

export const handler = http(Env, async (env) =>
  slackInteraction({
    ...askingFrom(env),
    apps: slackApps(env.SLACK_PREFIX, clock),
    members: dynamoSlackPeople(env.PEOPLE_TABLE),
    isNew: dynamoReplays(env.APPROVALS_TABLE),
    connect: ({ botToken: token }) => slack({ url: env.SLACK_URL, token, timeoutMs: 2_500 }),
    say: sqsQueue<ToSlack>(env.SLACK_QUEUE_URL),
    publicUrl: env.PUBLIC_URL.replace(/\/$/, ''),
  }),
);
