import { dollars } from '../money.ts';
import type { Notice } from '../notice.ts';
import { visible } from '../visible.ts';
import type { Approval } from './approval.ts';
import type { PlanPayload } from './plan.ts';

const MAX_SUBJECT = 150;

/** One notice per approver, each to get a link of their own when it is sent. */
export function requests(approval: Approval, payload: PlanPayload): Notice[] {
  return approval.approvers.map((approver) => ({
    org: approval.org,
    id: `approval_requested#${approval.id}#${approval.revision}#${approver.id}`,
    kind: 'approval_requested',
    to: [approver.email],
    subject: subject(payload),
    paragraphs: [
      `Signalbox asks you to decide on a plan: ${approval.headline}.`,
      'Nothing happens until someone who was asked presses a button on the page behind the link. No answer means no.',
    ],
    facts: facts(approval, payload),
    unverified: visible(payload.diagnosis.summary).slice(0, 4_000),
    minted: {
      kind: 'approval_link',
      approvalId: approval.id,
      approver: approver.id,
      revision: approval.revision,
      payloadHash: approval.payloadHash,
      expiresAt: approval.expiresAt,
    },
    ticketId: approval.ticketId,
    at: approval.requestedAt,
  }));
}

function subject({ ticket }: PlanPayload): string {
  return `Decide: ${ticket.externalId} ${oneLine(ticket.title)}`.slice(0, MAX_SUBJECT);
}

function facts({ payloadHash, expiresAt, approvers }: Approval, payload: PlanPayload) {
  const { ticket, repository, diagnosis, cost } = payload;
  return [
    { name: 'Ticket', value: `${ticket.externalId}, ${oneLine(ticket.title)}` },
    { name: 'Reported by', value: oneLine(ticket.reporter) },
    { name: 'Repository', value: `${repository.fullName}, from ${repository.base}` },
    { name: 'Files named', value: diagnosis.files.map(oneLine).join(', ') || 'none' },
    { name: 'Cost', value: `${dollars(cost.spentNanoUsd)} so far, at most ${dollars(cost.budgetNanoUsd)}` },
    { name: 'Asked', value: approvers.map(({ email }) => email).join(', ') },
    { name: 'Decide by', value: `${expiresAt.slice(0, 16).replace('T', ' ')} UTC` },
    { name: 'Fingerprint', value: payloadHash.slice('sha256:'.length).slice(0, 8) },
  ].map(({ name, value }) => ({ name, value: value.slice(0, 1_000) }));
}

function oneLine(text: string): string {
  return visible(text).replace(/\s+/g, ' ').trim();
}
