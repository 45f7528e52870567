import { Approval } from '#core/approvals/approval.ts';
import type { Step, Vote } from '#core/approvals/decide.ts';
import { MAX_PER_MINUTE, type Modification, TOLD_AT_ONCE } from '#core/approvals/ports.ts';
import type { Sealed } from '#core/ledger.ts';
import type { Notice } from '#core/notice.ts';
import type { ApprovalTables } from './approvals.ts';
import { noticeRow } from './notices.ts';
import type { Refusal, Writes } from './transaction.ts';

type Item = Record<string, unknown>;
type Write = Writes[number];

/** Seconds that a used form's id is remembered: longer than the form itself is good for. */
const FORM_MEMORY = 60 * 60;

export function approvalKey(org: string, id: string) {
  return { pk: `ORG#${org}`, sk: `A#${id}` };
}

export function actionPk(org: string, id: string): string {
  return `ORG#${org}#A#${id}`;
}

export function revisionKey(org: string, id: string, revision: number) {
  return { pk: actionPk(org, id), sk: `REV#${String(revision).padStart(4, '0')}` };
}

/** An approval as a row: sets for the condition that decides, and index keys only while they mean something. */
export function approvalRow(approval: Approval): Item {
  return {
    ...approvalKey(approval.org, approval.id),
    ...approval,
    ...(approval.approvers.length > 0 && { approverIds: new Set(approval.approvers.map(({ id }) => id)) }),
    conflictIds: new Set(approval.conflicts),
    ...(approval.status === 'PENDING' && { inboxOrg: approval.org }),
    ...(isOpen(approval) && { resumeOrg: approval.org }),
  };
}

/** Settled, but somebody has still to hear of it, or to act on it and say how it went. */
function isOpen({ resume, status, runId }: Approval): boolean {
  return resume === 'PENDING' || status === 'EXECUTING' || (status === 'APPROVED' && !runId);
}

export function approvalOf(item: Item): Approval {
  return Approval.parse(item);
}

export function revisionRow({ org, id, revision, requester }: Approval, payload: string): Item {
  return { ...revisionKey(org, id, revision), payload, author: requester };
}

export function ledgerRow({ org, id }: Approval, { seq, text, hash }: Sealed): Item {
  return { pk: actionPk(org, id), sk: String(seq).padStart(8, '0'), text, hash };
}

/** Counts a question of this requester in this minute, up to the most there may be. */
export function countOne(TableName: string, { org, requester, runId, requestedAt }: Approval): Write {
  const who = runId ?? requester;
  return {
    Update: {
      TableName,
      Key: { pk: `ORG#${org}`, sk: `ASKED#${who}#${requestedAt.slice(0, 16)}` },
      UpdateExpression: 'ADD asked :one SET #ttl = :ttl',
      ConditionExpression: 'attribute_not_exists(asked) OR asked < :most',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: {
        ':one': 1,
        ':most': MAX_PER_MINUTE,
        ':ttl': Math.floor(Date.parse(requestedAt) / 1000) + 3600,
      },
    },
  };
}

export function putNew(TableName: string, item: Item): Write {
  return { Put: { TableName, Item: item, ConditionExpression: 'attribute_not_exists(pk)' } };
}

/** The row's next state, if nobody changed it since. */
export function replace(TableName: string, before: Approval, next: Approval): Write {
  return {
    Put: {
      TableName,
      Item: approvalRow(next),
      ConditionExpression: '#status = :status AND version = :version',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': before.status, ':version': before.version },
    },
  };
}

interface Decision {
  before: Approval;
  /** One per ledger entry. */
  steps: Step[];
  vote: Vote;
  now: Date;
  /** Of a request that is changed by the decision. */
  changed?: Modification | undefined;
}

/**
 * The writes of a decision. The first condition holds everything that must be true, whatever was checked before:
 * a caller that skipped every check still cannot decide wrongly.
 */
export function decision(tables: ApprovalTables, given: Decision): Write[] {
  const { before, steps, vote, now, changed } = given;
  const { next } = steps.at(-1) as Step;
  const cast = changed ? changed.vote : vote;
  return [
    settle(tables.approvals, { before, next, vote, now }),
    ...(vote.formHash ? [putNew(tables.approvals, usedForm(vote.formHash, now))] : []),
    ...(vote.linkHash ? [useLink(tables.links, given)] : []),
    ...(vote.onBehalfOf ? [holds(tables.people, before, { vote, now })] : []),
    ...steps.map((step) => putNew(tables.ledger, ledgerRow(step.next, step.sealed))),
    ...(cast
      ? votersOf(cast).map((voter) => putNew(tables.approvals, voteRow(before, { vote: cast, voter, now })))
      : []),
    ...(changed
      ? [putNew(tables.approvals, { ...revisionRow(next, changed.payload), author: vote.by })]
      : []),
    ...toTell(tables.notices, changed?.notices ?? []),
  ];
}

/** Which of a decision's optional writes were refused: it may have no form, no link, and be in nobody's place. */
export function refusedParts(refused: (Refusal | undefined)[], vote: Vote) {
  const rest = refused.slice(1);
  const form = vote.formHash ? rest.shift() : undefined;
  const link = vote.linkHash ? rest.shift() : undefined;
  const place = vote.onBehalfOf ? rest.shift() : undefined;
  return { form, link, place };
}

/** What people are to be told, as far as it fits into one transaction. */
export function toTell(TableName: string | undefined, notices: readonly Notice[]): Write[] {
  return notices.slice(0, TOLD_AT_ONCE).map((notice) => ({ Put: { TableName, Item: noticeRow(notice) } }));
}

/** A delegate's vote is the delegator's too, so that neither can vote again. */
function votersOf({ by, onBehalfOf }: Vote): string[] {
  return onBehalfOf ? [by, onBehalfOf] : [by];
}

/** A delegate's vote counts only while the delegation holds. */
function holds(
  TableName: string | undefined,
  { org }: Approval,
  { vote, now }: { vote: Vote; now: Date },
): Write {
  return {
    ConditionCheck: {
      TableName,
      Key: delegationKey(org, vote.onBehalfOf ?? '', vote.delegation ?? ''),
      ConditionExpression:
        '#to = :by AND startsAt <= :now AND endsAt > :now AND attribute_not_exists(revokedAt)',
      ExpressionAttributeNames: { '#to': 'to' },
      ExpressionAttributeValues: { ':by': vote.by, ':now': now.toISOString() },
    },
  };
}

export function delegationKey(org: string, from: string, id: string) {
  return { pk: `ORG#${org}`, sk: `DELEGATION#${from}#${id}` };
}

function settle(
  TableName: string,
  { before, next, vote, now }: { before: Approval; next: Approval; vote: Vote; now: Date },
): Write {
  return {
    Put: {
      TableName,
      Item: approvalRow(next),
      ConditionExpression: [
        '#status = :pending AND version = :version',
        'revision = :revision AND payloadHash = :payload AND policyHash = :policy',
        'expiresAt > :now',
        'contains(approverIds, :for) AND NOT contains(conflictIds, :by) AND NOT contains(conflictIds, :for)',
        'contains(auths, :auth)',
      ].join(' AND '),
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: {
        ':pending': 'PENDING',
        ':version': before.version,
        ':revision': vote.revision,
        ':payload': vote.payloadHash,
        ':policy': before.policyHash,
        ':now': now.toISOString(),
        ':by': vote.by,
        ':for': vote.onBehalfOf ?? vote.by,
        ':auth': vote.auth,
      },
    },
  };
}

function voteRow(
  { org, id }: Approval,
  { vote, voter, now }: { vote: Vote; voter: string; now: Date },
): Item {
  const { verdict, by, onBehalfOf, channel, auth, assertion } = vote;
  return {
    pk: actionPk(org, id),
    sk: `VOTE#${vote.revision}#${voter}`,
    decisionId: vote.id,
    ...{ verdict, by, onBehalfOf, channel, auth, assertion },
    at: now.toISOString(),
  };
}

export function usedForm(formHash: string, now: Date): Item {
  return { pk: `R#${formHash}`, sk: 'R', ttl: Math.floor(now.getTime() / 1000) + FORM_MEMORY };
}

function useLink(TableName: string | undefined, { before, vote, now }: Decision): Write {
  const conditions = [
    'attribute_not_exists(usedAt) AND attribute_not_exists(revokedAt)',
    'approver = :by AND approvalId = :approval AND revision = :revision',
    'expiresAt > :now',
  ];
  return {
    Update: {
      TableName,
      Key: { id: linkId(before.org, vote.linkHash ?? '') },
      UpdateExpression: 'SET usedAt = :now',
      ConditionExpression: conditions.join(' AND '),
      ExpressionAttributeValues: {
        ':now': now.toISOString(),
        ':by': vote.by,
        ':approval': before.id,
        ':revision': vote.revision,
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

export function linkId(org: string, hash: string): string {
  return `${org}#${hash}`;
}
