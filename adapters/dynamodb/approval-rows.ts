import { Approval } from '#core/approvals/approval.ts';
import { MAX_PER_MINUTE } from '#core/approvals/ports.ts';
import type { Sealed } from '#core/ledger.ts';
import type { Writes } from './transaction.ts';

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

export function personKey(org: string, id: string) {
  return { pk: `ORG#${org}`, sk: `PERSON#${id}` };
}

export function delegationKey(org: string, from: string, id: string) {
  return { pk: `ORG#${org}`, sk: `DELEGATION#${from}#${id}` };
}

export function usedForm(formHash: string, now: Date): Item {
  return { pk: `R#${formHash}`, sk: 'R', ttl: Math.floor(now.getTime() / 1000) + FORM_MEMORY };
}

export function linkId(org: string, hash: string): string {
  return `${org}#${hash}`;
}
