import { duration } from '../duration.ts';
import type { Notice } from '../notice.ts';
import type { Approval, Approver, Summary } from './approval.ts';
import type { StoredLink } from './ports.ts';
import { summarise } from './summary.ts';

const MAX_SUBJECT = 150;

/** One notice per approver who is to be written to, each to get a link of their own when it is sent. */
export function requests(approval: Approval, payload: string, to = approval.approvers): Notice[] {
  return to.map((approver) => request(approval, approver, { payload }));
}

/** The same again to those who have not decided, with the link that they have: a second link would be a second way in. */
export function reminders(
  approval: Approval,
  payload: string,
  { to, number, at }: { to: Approver[]; number: number; at: string },
): Notice[] {
  return to.map((approver) => {
    const first = request(approval, approver, { payload });
    const left = duration(new Date(at), new Date(approval.expiresAt));
    return {
      ...first,
      id: `approval_reminder#${approval.id}#${approval.revision}#${approver.id}#${number}`,
      kind: 'approval_reminder',
      subject: `Still waiting: ${first.subject}`.slice(0, MAX_SUBJECT),
      paragraphs: [`Nobody has decided yet; time left: ${left}.`, ...first.paragraphs],
    };
  });
}

/** Rounds of links after which signing in is the only way left: somebody is guessing. */
const MAX_ROUNDS = 3;

/** A notice with a new link in place of one that was locked; nothing when there were enough. */
export function replaceLink(
  approval: Approval,
  { approver: id, round }: StoredLink,
  payload: string,
): Notice | undefined {
  const approver = approval.approvers.find((one) => one.id === id);
  if (!approver || round + 1 >= MAX_ROUNDS || approval.status !== 'PENDING') return undefined;
  return request(approval, approver, { payload, round: round + 1 });
}

function request(
  approval: Approval,
  approver: Approver,
  { payload, round = 0 }: { payload: string; round?: number },
): Notice {
  const summary = summarise(approval.type, payload);
  return {
    org: approval.org,
    id: `approval_requested#${approval.id}#${approval.revision}#${approver.id}#${round}`,
    kind: 'approval_requested',
    to: [approver.email],
    subject: `Decide: ${summary.subject}`.slice(0, MAX_SUBJECT),
    paragraphs: [
      `Signalbox asks you to decide: ${approval.headline}.`,
      'Nothing happens until someone who was asked decides on the page behind the link. No answer means no.',
    ],
    facts: factsOf(approval, summary).map(({ name, value }) => ({ name, value: fitted(value) })),
    unverified: claimOf(approval, summary).slice(0, 4_000) || undefined,
    minted: {
      kind: 'approval_link',
      approvalId: approval.id,
      approver: approver.id,
      revision: approval.revision,
      round,
      payloadHash: approval.payloadHash,
      expiresAt: approval.expiresAt,
    },
    ticketId: approval.ticketId,
    at: approval.requestedAt,
  };
}

/** What decides, fact by fact: what is asked for, why it waits, who is asked and until when. */
export function factsOf(approval: Approval, summary: Summary): { name: string; value: string }[] {
  const { payloadHash, expiresAt, approvers, quorum } = approval;
  const asked = approvers.map(({ email }) => email).join(', ');
  return [
    ...summary.facts,
    ...measured(approval),
    { name: 'Asked for by', value: approval.requesterName ?? approval.requester },
    { name: 'Why it waits', value: whyItWaits(approval) },
    { name: quorum > 1 ? `Asked, ${quorum} must agree` : 'Asked', value: asked },
    { name: 'Decide by', value: `${expiresAt.slice(0, 16).replace('T', ' ')} UTC` },
    { name: 'Fingerprint', value: payloadHash.slice('sha256:'.length).slice(0, 8) },
  ];
}

/** What the server measured about it, where it did. */
export function measured({ facts }: Pick<Approval, 'facts'>): { name: string; value: string }[] {
  const all = Object.entries(facts).map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`);
  return all.length > 0 ? [{ name: 'Measured', value: all.join(', ') }] : [];
}

/** What whoever proposed it says about it; believed by nobody. */
export function claimOf({ claim }: Pick<Approval, 'claim'>, summary: Summary): string {
  return summary.claim || (claim ?? '');
}

const MAX_FACT = 1_000;

function fitted(value: string): string {
  if (value.length <= MAX_FACT) return value;
  return `${value.slice(0, MAX_FACT)}… (${value.length - MAX_FACT} more characters, on the page)`;
}

/** The rule that stopped it and the limits that it is over, in a line. */
export function whyItWaits({ rule, risk, over }: Pick<Approval, 'rule' | 'risk' | 'over'>): string {
  const limits = over.map(({ fact, value, limit }) => `${fact} is ${value}, the limit is ${limit}`);
  return [`Rule ${rule}, risk ${risk}`, ...limits].join('; ');
}
