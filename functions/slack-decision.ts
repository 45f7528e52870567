import type { SlackApp } from '#adapters/slack/apps.ts';
import type { Press, Submission } from '#adapters/slack/interactions.ts';
import type { Approval, Verdict } from '#core/approvals/approval.ts';
import type { AskNeeds } from '#core/approvals/ask.ts';
import { isFor, readButton } from '#core/approvals/button.ts';
import type { Refusal, Vote } from '#core/approvals/decide.ts';
import { changesOf } from '#core/approvals/fields.ts';
import { modification } from '#core/approvals/modify.ts';
import type { Change } from '#core/approvals/ports.ts';
import { castVote } from '#core/approvals/stands.ts';
import { decidedBy } from '#core/approvals/view.ts';
import { Fault } from '#core/fault.ts';
import type { Person } from '#core/people/person.ts';
import type { SlackPeople } from '#core/people/ports.ts';
import { decisionId } from './decisions.ts';
import { placeOf } from './looker.ts';

export interface SlackNeeds extends AskNeeds {
  members: Pick<SlackPeople, 'find'>;
  publicUrl: string;
}

/** A request from Slack whose signature holds. */
export interface Genuine {
  org: string;
  app: SlackApp;
  /** What it is remembered by. */
  hash: string;
}

/** What a member says, by a button or a modal. */
export interface Said {
  /** The button's. */
  value: string;
  verdict: Verdict;
  reason?: string;
  /** The request as the member would have it, by JSON pointer. */
  typed?: Record<string, string>;
}

type From = Press | Submission;

/** Decides as the person that the member has linked; answers why it does not count, if it does not. */
export async function decideInSlack(
  from: From,
  said: Said,
  genuine: Genuine,
  needs: SlackNeeds,
): Promise<string | undefined> {
  const found = await requestOf(from, said, genuine, needs);
  if (typeof found === 'string') return found;
  const { person, approval } = found;
  const { verdict, reason = '', typed } = said;
  const now = needs.clock.now();
  const vote: Vote = {
    id: decisionId(),
    ...{ verdict, reason, by: person.id, channel: 'slack', auth: 'slack' },
    ...(await placeOf(approval, person.id, { people: needs.people, now })),
    revision: approval.revision,
    payloadHash: approval.payloadHash,
    formHash: genuine.hash,
  };
  const change = typed && changeBy(typed, vote, needs);
  const outcome = await castVote({ org: approval.org, id: approval.id, vote, change }, needs).catch(inWords);
  if (typeof outcome === 'string') return outcome;
  return outcome.refusal && refused(outcome.refusal, decidedBy(outcome.approval));
}

/** The person behind a press and the request that the button was made for, or why there is none. */
export async function requestOf(
  { team, user }: From,
  { value, verdict }: Pick<Said, 'value' | 'verdict'>,
  { org, app }: Genuine,
  { members, approvals, publicUrl }: Pick<SlackNeeds, 'members' | 'approvals' | 'publicUrl'>,
): Promise<{ person: Person; approval: Approval } | string> {
  if (!isOfTeams(app, team?.id) || !isOfTeams(app, user.team_id)) return FOREIGN;
  const person = await members.find(org, { team: user.team_id, user: user.id });
  if (!person) return `Link your Slack account first, at ${publicUrl}/auth/slack. Nothing was decided.`;
  const button = readButton(value);
  const approval = button && (await approvals.find(org, button.approvalId));
  if (!approval || button.verdict !== verdict) return 'There is no such request.';
  return isFor(button, approval) ? { person, approval } : CHANGED;
}

const FOREIGN = 'Only members of the workspaces that this organization named can decide here.';
const CHANGED = 'The request was changed since this message. Nothing was decided; look at the newer message.';

function isOfTeams({ teams }: SlackApp, team: string | undefined): team is string {
  return team !== undefined && teams.includes(team);
}

function changeBy(typed: Record<string, string>, vote: Vote, needs: SlackNeeds): Change {
  return async (approval) => {
    const { org, id, revision } = approval;
    const payload = JSON.parse((await needs.approvals.payload(org, id, revision)) ?? '{}');
    return modification(approval, { vote, changes: changesOf(payload, typed) }, needs);
  };
}

/** Why a change cannot be made; anything else is a fault like any other. */
function inWords(error: unknown): string {
  if (error instanceof Fault && ['Invalid', 'Forbidden', 'Conflict'].includes(error.code))
    return `${error.message}.`;
  throw error;
}

function refused({ error, message }: Refusal, by: string | undefined): string {
  return error === 'already_decided' && by ? `${message} by ${by}.` : `${message}.`;
}
