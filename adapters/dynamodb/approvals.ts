import { createHash } from 'node:crypto';
import { GetCommand, paginateQuery, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Approval } from '#core/approvals/approval.ts';
import { decided, isRepeated, type Refusal, refusal, type Vote } from '#core/approvals/decide.ts';
import { type Approvals, type Change, MAX_PER_MINUTE, type Outcome } from '#core/approvals/ports.ts';
import type { Step } from '#core/approvals/step.ts';
import { Fault } from '#core/fault.ts';
import type { Sealed } from '#core/ledger.ts';
import { dynamo } from '../aws/clients.ts';
import { dynamoHistory } from './approval-history.ts';
import * as rows from './approval-rows.ts';
import { useBudget } from './budgets.ts';
import { decision, refusedParts, toTell } from './decision-writes.ts';
import { type Refusal as Refused, writeTogether } from './transaction.ts';

export interface ApprovalTables {
  approvals: string;
  /** Only where links decide. */
  links?: string;
  ledger: string;
  /** Only where people decide. */
  people?: string;
  /** Only where people are asked. */
  notices?: string;
}

/** Each lost race is against a change of a pending row: the votes of a quorum, tries that did not count, reminders. */
const ROUNDS = 50;

const TOO_MANY = `More than ${MAX_PER_MINUTE} requests in a minute; wait a minute, and ask for less at a time`;

/** The decision is one transaction: status, vote, link, form and ledger entry agree, or nothing happened. */
export function dynamoApprovals(tables: ApprovalTables): Approvals {
  return { ...reading(tables), ...writing(tables) };
}

type Reading = Pick<
  Approvals,
  'find' | 'payload' | 'inbox' | 'history' | 'unheard' | 'unfinished' | 'pending' | 'assertions' | 'ledger'
>;

function reading({ approvals, ledger }: Pick<ApprovalTables, 'approvals' | 'ledger'>): Reading {
  return {
    find: (org, id) => find(approvals, org, id),

    async payload(org, id, revision) {
      const Key = rows.revisionKey(org, id, revision);
      const { Item } = await dynamo().send(
        new GetCommand({ TableName: approvals, Key, ConsistentRead: true }),
      );
      return Item?.payload as string | undefined;
    },

    inbox: (org) => inbox(approvals, org),

    history: dynamoHistory(approvals),

    unheard: async () => (await sparse(approvals, 'resume')).filter(({ resume }) => resume === 'PENDING'),

    unfinished: async () => (await sparse(approvals, 'resume')).filter(({ runId }) => !runId),

    pending: () => sparse(approvals, 'inbox'),

    async assertions(org, id) {
      const { Items = [] } = await dynamo().send(
        new QueryCommand({
          TableName: approvals,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :votes)',
          ExpressionAttributeValues: { ':pk': rows.actionPk(org, id), ':votes': 'VOTE#' },
          ConsistentRead: true,
        }),
      );
      return [...new Set(Items.flatMap(({ assertion }) => (assertion ? [String(assertion)] : [])))];
    },

    async ledger(org, id) {
      const { Items = [] } = await dynamo().send(
        new QueryCommand({
          TableName: ledger,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': rows.actionPk(org, id) },
          ConsistentRead: true,
        }),
      );
      return Items.map(({ sk, text, hash }) => ({ seq: Number(sk), text, hash }) as Sealed);
    },
  };
}

async function inbox(table: string, org: string): Promise<Approval[]> {
  const pages = paginateQuery(
    { client: dynamo() },
    {
      TableName: table,
      IndexName: 'inbox',
      KeyConditionExpression: 'inboxOrg = :org',
      ExpressionAttributeValues: { ':org': org },
    },
  );
  const found: Approval[] = [];
  for await (const { Items = [] } of pages) found.push(...Items.map(rows.approvalOf));
  return found;
}

/** Everything in a sparse index: it holds only what is open, so this stays small. */
async function sparse(table: string, index: string): Promise<Approval[]> {
  const found: Approval[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await dynamo().send(
      new ScanCommand({ TableName: table, IndexName: index, ExclusiveStartKey: from }),
    );
    found.push(...Items.map(rows.approvalOf));
    from = LastEvaluatedKey;
  } while (from);
  return found;
}

function writing(tables: ApprovalTables): Pick<Approvals, 'propose' | 'decide' | 'take' | 'orphan'> {
  return {
    async propose({ next, sealed }, payload, { uses = [], notices = [] } = {}) {
      const refused = await writeTogether([
        rows.putNew(tables.approvals, rows.approvalRow(next)),
        rows.putNew(tables.approvals, rows.revisionRow(next, payload)),
        rows.putNew(tables.ledger, rows.ledgerRow(next, sealed)),
        rows.countOne(tables.approvals, next),
        ...uses.map((use) => useBudget(tables.approvals, use)),
        ...toTell(tables.notices, notices),
      ]);
      if (!refused) return next;
      const stored = await find(tables.approvals, next.org, next.id);
      if (stored) return stored;
      if (refused[3]) throw new Fault('TooMany', TOO_MANY);
      throw new Fault('Unavailable', 'A budget was used by somebody else meanwhile; send it again');
    },

    async take(before, step) {
      const refused = await writeTogether([
        rows.replace(tables.approvals, before, step.next),
        rows.putNew(tables.ledger, rows.ledgerRow(step.next, step.sealed)),
      ]);
      return !refused;
    },

    async orphan(approval) {
      const next: Approval = { ...approval, resume: 'ORPHANED', version: approval.version + 1 };
      await writeTogether([rows.replace(tables.approvals, approval, next)]);
    },

    decide: (org, id, vote, now, change) => decide(tables, { org, id, vote, now, change }),
  };
}

interface Attempt {
  org: string;
  id: string;
  vote: Vote;
  now: Date;
  change?: Change | undefined;
}

async function decide(tables: ApprovalTables, { org, id, vote, now, change }: Attempt): Promise<Outcome> {
  let approval = await find(tables.approvals, org, id);
  for (let round = 0; round < ROUNDS; round += 1) {
    if (!approval) throw new Fault('NotFound', 'There is no such approval');
    const settled = answerFor(approval, vote, now);
    if (settled) return settled;
    const changed = await change?.(approval);
    const steps = changed?.steps ?? [decided(approval, vote, now.toISOString())];
    const refused = await writeTogether(
      decision(tables, { before: approval, steps, vote, now, changed }),
      requestToken(vote, round),
    );
    if (!refused) return { approval: (steps.at(-1) as Step).next, repeated: false };
    const why = otherRefusal(tables, refused, vote);
    const fresh = await find(tables.approvals, org, id);
    if (why && fresh) return answerFor(fresh, vote, now) ?? { approval: fresh, refusal: why };
    approval = fresh;
  }
  throw new Fault('Unavailable', 'Too many people decide at once; look at it again');
}

/** What an approval answers to a vote that cannot change it: the same again is done, all else is refused with the reason. */
function answerFor(approval: Approval, vote: Vote, now: Date): Outcome | undefined {
  const why = refusal(approval, vote, now);
  if (!why) return undefined;
  return isRepeated(approval, vote) ? { approval, repeated: true } : { approval, refusal: why };
}

/** What besides the approval itself stood in the way; its row is looked at again anyway. */
function otherRefusal(
  tables: ApprovalTables,
  refused: (Refused | undefined)[],
  vote: Vote,
): Refusal | undefined {
  const { form, link, place, hasLeft } = refusedParts(tables, refused, vote);
  if (hasLeft) return { error: 'not_eligible', message: 'Whoever decides here has left the organization' };
  if (link) return linkRefusal(link.item ?? {});
  if (place) return { error: 'not_eligible', message: 'The delegation that you decide by has ended' };
  if (form) return { error: 'form_used', message: 'This page was used already; open it again' };
  return undefined;
}

function linkRefusal({ usedAt, revokedAt }: Record<string, unknown>): Refusal {
  if (usedAt) return { error: 'link_used', message: `This link was used on ${usedAt}` };
  if (revokedAt) return { error: 'link_revoked', message: `This link was withdrawn on ${revokedAt}` };
  return { error: 'link_revoked', message: 'This link is not valid for this request' };
}

async function find(table: string, org: string, id: string): Promise<Approval | undefined> {
  const Key = rows.approvalKey(org, id);
  const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item && rows.approvalOf(Item);
}

/** Makes a repeated send of one attempt harmless, while the next attempt is another request. */
function requestToken({ id }: Vote, round: number): string {
  return createHash('sha256').update(`${id}#${round}`).digest('hex').slice(0, 36);
}
