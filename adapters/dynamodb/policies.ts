import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { canonical, hashOf } from '#core/canonical.ts';
import { defaultPolicy } from '#core/policy/default.ts';
import { activePolicy, type PolicyDocument } from '#core/policy/policy.ts';
import type { Freeze, Policies } from '#core/policy/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused } from './change.ts';
import { type Writes, writeTogether } from './transaction.ts';

/** Each version is written once; which one holds is a pointer that moves only from the version that it was made against. */
export function dynamoPolicies(table: string): Policies {
  const get = async (org: string, sk: string) => {
    const Key = sk === FREEZE ? freezeKey(org) : { pk: `ORG#${org}`, sk };
    const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item;
  };

  const current = async (org: string) => {
    const pointer = await get(org, 'ACTIVE');
    const version = (pointer?.version ?? 0) as number;
    return { version, row: version > 0 ? await get(org, versionKey(version)) : undefined };
  };

  return {
    async active(org) {
      const [{ version, row }, freeze] = await Promise.all([current(org), get(org, FREEZE)]);
      const active = activePolicy((row?.document ?? defaultPolicy(org)) as PolicyDocument, version);
      return { ...active, frozenAt: freeze?.at as string | undefined };
    },

    async frozen(org) {
      const row = await get(org, FREEZE);
      return row?.at ? (row as unknown as Freeze) : undefined;
    },

    async freeze(org, freeze) {
      const Item = { ...freezeKey(org), ...freeze };
      const ConditionExpression = 'attribute_not_exists(#at)';
      const ExpressionAttributeNames = { '#at': 'at' };
      await dynamo()
        .send(new PutCommand({ TableName: table, Item, ConditionExpression, ExpressionAttributeNames }))
        .catch(unlessRefused);
    },

    async unfreeze(org, since) {
      const Item = { ...freezeKey(org), endedSince: since };
      const ConditionExpression = '#at = :since OR endedSince = :since';
      const ExpressionAttributeNames = { '#at': 'at' };
      const ExpressionAttributeValues = { ':since': since };
      const condition = { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues };
      const answer = await dynamo()
        .send(new PutCommand({ TableName: table, Item, ...condition }))
        .catch(unlessRefused);
      return answer !== undefined;
    },

    async stored(org) {
      const { version, row } = await current(org);
      const document = (row?.document ?? defaultPolicy(org)) as PolicyDocument;
      const text = row?.text as string | undefined;
      return { version, hash: activePolicy(document, version).hash, document, text };
    },

    async text(org, hash) {
      const texts = [defaultPolicy(org), ...(await documents(table, org))].map((one) => canonical(one));
      return texts.find((one) => hashOf(one) === hash);
    },

    async activate(org, { replaces, document, text, actionId, at }) {
      const version = replaces + 1;
      const refused = await writeTogether([
        put(table, { pk: `ORG#${org}`, sk: versionKey(version), document, text, actionId, at }),
        pointTo(table, org, { version, replaces }),
      ]);
      if (!refused) return true;
      return (await get(org, versionKey(version)))?.actionId === actionId;
    },
  };
}

async function documents(table: string, org: string): Promise<PolicyDocument[]> {
  const { Items = [] } = await dynamo().send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :versions)',
      ExpressionAttributeValues: { ':pk': `ORG#${org}`, ':versions': 'V#' },
      ConsistentRead: true,
    }),
  );
  return Items.map(({ document }) => document as PolicyDocument);
}

const FREEZE = 'FREEZE';

/** Apart from the policies, so that whoever may freeze can write nothing else. */
function freezeKey(org: string) {
  return { pk: `FREEZE#${org}`, sk: FREEZE };
}

function put(TableName: string, Item: Record<string, unknown>): Writes[number] {
  return { Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } };
}

function pointTo(
  TableName: string,
  org: string,
  { version, replaces }: { version: number; replaces: number },
): Writes[number] {
  const isFirst = replaces === 0;
  return {
    Put: {
      TableName,
      Item: { pk: `ORG#${org}`, sk: 'ACTIVE', version },
      ConditionExpression: isFirst ? 'attribute_not_exists(pk)' : 'version = :replaces',
      ...(!isFirst && { ExpressionAttributeValues: { ':replaces': replaces } }),
    },
  };
}

function versionKey(version: number): string {
  return `V#${String(version).padStart(6, '0')}`;
}

function unlessRefused(error: unknown): undefined {
  if (!isRefused(error)) throw error;
  return undefined;
}
