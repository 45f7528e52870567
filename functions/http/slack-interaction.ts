import * as z from 'zod';
import { sqsQueue } from '#adapters/aws/queue.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoPolicies } from '#adapters/dynamodb/policies.ts';
import { dynamoReplays } from '#adapters/dynamodb/replays.ts';
import { dynamoSlackPeople } from '#adapters/dynamodb/slack-people.ts';
import { type SlackApp, type SlackApps, slackApps } from '#adapters/slack/apps.ts';
import { type Slack, slack } from '#adapters/slack/client.ts';
import { Interaction, type Press, type Submission } from '#adapters/slack/interactions.ts';
import { ACTION, declineView, REASON } from '#adapters/slack/messages.ts';
import { isSignedBy, replayHash, type Signature, signatureOf } from '#adapters/slack/signature.ts';
import { type Button, isFor, readButton } from '#core/approvals/button.ts';
import type { Refusal } from '#core/approvals/decide.ts';
import type { Approvals } from '#core/approvals/ports.ts';
import { castVote, type StandNeeds } from '#core/approvals/stands.ts';
import { decidedBy } from '#core/approvals/view.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import type { People, SlackPeople } from '#core/people/ports.ts';
import type { Clock } from '#core/ports.ts';
import type { ToSlack } from '#core/slack.ts';
import { decisionId } from '../decisions.ts';
import { http, type Reply, type Request, type Route } from '../http.ts';
import { placeOf } from '../looker.ts';

export const Env = z.object({
  APPROVALS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  PEOPLE_TABLE: z.string(),
  POLICIES_TABLE: z.string(),
  SLACK_PREFIX: z.string(),
  SLACK_URL: z.url(),
  SLACK_QUEUE_URL: z.url(),
  PUBLIC_URL: z.url(),
});
export type Env = z.infer<typeof Env>;

interface Needs extends StandNeeds {
  apps: SlackApps;
  approvals: Pick<Approvals, 'decide' | 'find' | 'take'>;
  people: Pick<People, 'delegations' | 'list'>;
  members: Pick<SlackPeople, 'find'>;
  /** Whether a request is new; see {@link dynamoReplays}. */
  isNew(hash: string, now: Date): Promise<boolean>;
  connect(app: SlackApp): Pick<Slack, 'openView'>;
  say(message: ToSlack): Promise<void>;
  clock: Clock;
  publicUrl: string;
}

const MAX_BODY = 64 * 1024;
/** Slack shows this as done. */
const DONE: Reply = { status: 200 };

/** A request whose signature holds. */
interface Genuine {
  org: string;
  app: SlackApp;
  hash: string;
}

/**
 * POST /webhooks/slack/{org}/interactions: what somebody pressed or sent off in Slack. Before the answer there is the
 * decision's own transaction and nothing else, or the modal, whose trigger lives for three seconds; all that is said is
 * said by a queue.
 */
export function slackInteraction(needs: Needs): Route {
  return async (request) => {
    const genuine = await authentic(request, needs);
    const payload = new URLSearchParams(request.text).get('payload') ?? '';
    const said = parseJson(Interaction, payload);
    return said.type === 'block_actions' ? press(said, genuine, needs) : submit(said, genuine, needs);
  };
}

/** Throws a bare `Unauthorized`: the sender learns nothing. A wrong signature reads the secret again, at most every half minute. */
async function authentic(request: Request, { apps, clock }: Needs): Promise<Genuine> {
  const { headers, params, raw } = request;
  if (raw.length > MAX_BODY) throw new Fault('TooLarge', `The body has more than ${MAX_BODY} bytes`);
  const org = params.org ?? '';
  const signature = signatureOf(headers, clock.now());
  const app =
    signature &&
    (signedBy(await apps.find(org), raw, signature) ?? signedBy(await apps.findAgain(org), raw, signature));
  if (app) return { org, app, hash: replayHash(signature) };
  throw new Fault('Unauthorized', 'Unauthorized');
}

function signedBy(app: SlackApp | undefined, raw: Buffer, signature: Signature): SlackApp | undefined {
  return app?.signingSecrets.some((key) => isSignedBy(key, raw, signature)) ? app : undefined;
}

async function press(said: Press, genuine: Genuine, needs: Needs): Promise<Reply> {
  const [action] = said.actions;
  if (action?.action_id === ACTION.decline) return ask(said, genuine, needs);
  if (action?.action_id !== ACTION.approve) return DONE;
  const why = await decide(said, { value: action.value, verdict: 'approve', reason: '' }, genuine, needs);
  if (why) await whisper(why, said, genuine, needs);
  return DONE;
}

/** Opens the modal first of all. One that cannot be opened any more, also by a copy of the press, is no error. */
async function ask(said: Press, { app }: Genuine, { connect }: Needs): Promise<Reply> {
  try {
    await connect(app).openView(said.trigger_id, declineView(said.actions[0]?.value ?? ''));
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'Gone') throw error;
  }
  return DONE;
}

async function submit(said: Submission, genuine: Genuine, needs: Needs): Promise<Reply> {
  const { callback_id: id, private_metadata: value, state } = said.view;
  if (id !== ACTION.decline) throw new Fault('Invalid', 'This is not a modal of ours');
  const reason = (state.values[REASON]?.[REASON]?.value ?? '').trim();
  const why = reason
    ? await decide(said, { value, verdict: 'decline', reason: reason.slice(0, 2_000) }, genuine, needs)
    : 'To decline, say why.';
  return why ? { status: 200, body: { response_action: 'errors', errors: { [REASON]: why } } } : DONE;
}

interface Said {
  value: string;
  verdict: Button['verdict'];
  reason: string;
}

/** Decides as the person that the Slack member has linked; answers why it does not count, if it does not. */
async function decide(
  { team, user }: Press | Submission,
  { value, verdict, reason }: Said,
  { org, app, hash }: Genuine,
  needs: Needs,
): Promise<string | undefined> {
  if (!isOfTeams(app, team?.id) || !isOfTeams(app, user.team_id)) return FOREIGN;
  const person = await needs.members.find(org, { team: user.team_id, user: user.id });
  if (!person) return `Link your Slack account first, at ${needs.publicUrl}/auth/slack. Nothing was decided.`;
  const button = readButton(value);
  const approval = button && (await needs.approvals.find(org, button.approvalId));
  if (!approval || button.verdict !== verdict) return 'There is no such request.';
  if (!isFor(button, approval)) return CHANGED;
  const now = needs.clock.now();
  const vote = {
    id: decisionId(),
    ...{ verdict, reason, by: person.id, channel: 'slack' as const, auth: 'slack' as const },
    ...(await placeOf(approval, person.id, { people: needs.people, now })),
    revision: approval.revision,
    payloadHash: approval.payloadHash,
    formHash: hash,
  };
  const outcome = await castVote({ org, id: approval.id, vote }, needs);
  return outcome.refusal && inWords(outcome.refusal, decidedBy(outcome.approval));
}

const FOREIGN = 'Only members of the workspaces that this organization named can decide here.';
const CHANGED = 'The request was changed since this message. Nothing was decided; look at the newer message.';

function isOfTeams({ teams }: SlackApp, team: string | undefined): team is string {
  return team !== undefined && teams.includes(team);
}

function inWords({ error, message }: Refusal, by: string | undefined): string {
  return error === 'already_decided' && by ? `${message} by ${by}.` : `${message}.`;
}

/** A copy of a request says nothing again. */
async function whisper(text: string, { container, user }: Press, { org, hash }: Genuine, needs: Needs) {
  if (!(await needs.isNew(hash, needs.clock.now()))) return;
  await needs.say({ kind: 'whisper', org, channel: container.channel_id, user: user.id, text });
}

export const handler = http(Env, async (env) => {
  const tables = { approvals: env.APPROVALS_TABLE, ledger: env.LEDGER_TABLE, people: env.PEOPLE_TABLE };
  return slackInteraction({
    apps: slackApps(env.SLACK_PREFIX, clock),
    approvals: dynamoApprovals(tables),
    people: dynamoPeople(env.PEOPLE_TABLE),
    policies: dynamoPolicies(env.POLICIES_TABLE),
    members: dynamoSlackPeople(env.PEOPLE_TABLE),
    isNew: dynamoReplays(env.APPROVALS_TABLE),
    connect: ({ botToken: token }) => slack({ url: env.SLACK_URL, token, timeoutMs: 2_500 }),
    say: sqsQueue<ToSlack>(env.SLACK_QUEUE_URL),
    clock,
    publicUrl: env.PUBLIC_URL.replace(/\/$/, ''),
  });
});
