import type { Approval } from '#core/approvals/approval.ts';
import type { Vote } from '#core/approvals/decide.ts';
import { type Modification, TOLD_AT_ONCE } from '#core/approvals/ports.ts';
import type { Step } from '#core/approvals/step.ts';
import type { Notice } from '#core/notice.ts';
import {
  actionPk,
  approvalRow,
  delegationKey,
  ledgerRow,
  linkId,
  personKey,
  putNew,
  revisionRow,
  usedForm,
} from './approval-rows.ts';
import type { ApprovalTables } from './approvals.ts';
import { noticeRow } from './notices.ts';
import type { Refusal, Writes } from './transaction.ts';

type Item = Record<string, unknown>;
type Write = Writes[number];

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
    ...here(tables.people, before.org, vote),
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
export function refusedParts({ people }: ApprovalTables, refused: (Refusal | undefined)[], vote: Vote) {
  const rest = refused.slice(1);
  const form = vote.formHash ? rest.shift() : undefined;
  const link = vote.linkHash ? rest.shift() : undefined;
  const place = vote.onBehalfOf ? rest.shift() : undefined;
  const hasLeft = rest.slice(0, here(people, '', vote).length).some((one) => one !== undefined);
  return { form, link, place, hasLeft };
}

/** What people are to be told, as far as it fits into one transaction. */
export function toTell(TableName: string | undefined, notices: readonly Notice[]): Write[] {
  return notices.slice(0, TOLD_AT_ONCE).map((notice) => ({ Put: { TableName, Item: noticeRow(notice) } }));
}

/** A delegate's vote is the delegator's too, so that neither can vote again. */
function votersOf({ by, onBehalfOf }: Vote): string[] {
  return onBehalfOf ? [by, onBehalfOf] : [by];
}

/** Whoever votes, and whoever they vote for, must not have left; an approver who never had an account has not. */
function here(TableName: string | undefined, org: string, vote: Vote): Write[] {
  if (!TableName) return [];
  return votersOf(vote).map((voter) => ({
    ConditionCheck: {
      TableName,
      Key: personKey(org, voter),
      ConditionExpression: 'attribute_not_exists(leftAt)',
    },
  }));
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
