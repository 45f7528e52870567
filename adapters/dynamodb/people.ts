import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import { Delegation } from '#core/people/delegation.ts';
import { normalEmail, Person } from '#core/people/person.ts';
import type { People, Session } from '#core/people/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { delegationKey, personKey } from './approval-rows.ts';
import { below } from './below.ts';
import { setting } from './change.ts';
import { peopleKeys } from './people-keys.ts';

/** People, ended sessions and API keys in one table. Sessions leave a row only when they are ended, until they would have expired. */
export function dynamoPeople(table: string): People {
  return { ...people(table), ...delegations(table), ...sessions(table), ...peopleKeys(table) };
}

function people(table: string): Pick<People, 'find' | 'findByEmail' | 'admit' | 'list' | 'change'> {
  async function find(org: string, id: string) {
    const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key: personKey(org, id) }));
    return Item && Person.parse(Item);
  }

  return {
    find,

    async findByEmail(email) {
      const { Items = [] } = await dynamo().send(
        new QueryCommand({
          TableName: table,
          IndexName: 'byEmail',
          KeyConditionExpression: 'email = :email',
          ExpressionAttributeValues: { ':email': normalEmail(email) },
        }),
      );
      return Items.map((item) => Person.parse(item))
        .filter(({ leftAt }) => !leftAt)
        .sort((a, b) => (a.org < b.org ? -1 : 1));
    },

    async admit(person) {
      const email = normalEmail(person.email);
      const item = { ...personKey(person.org, person.id), ...person, email };
      try {
        await dynamo().send(
          new PutCommand({ TableName: table, Item: item, ConditionExpression: 'attribute_not_exists(pk)' }),
        );
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
      return (await find(person.org, person.id)) ?? person;
    },

    async list(org) {
      const found = await below(table, org, 'PERSON#');
      return found
        .map((item) => Person.parse(item))
        .filter(({ leftAt }) => !leftAt)
        .sort((a, b) => (a.email < b.email ? -1 : 1));
    },

    async change(org, id, change) {
      const known = await find(org, id);
      if (!known) throw new Fault('NotFound', 'There is no such person');
      const next = Person.parse({ ...known, ...change });
      const { set, remove, names, values } = setting(change);
      await dynamo().send(
        new UpdateCommand({
          TableName: table,
          Key: personKey(org, id),
          UpdateExpression: `${set} ${remove}`.trim(),
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: names,
          ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
        }),
      );
      return next;
    },
  };
}

function delegations(table: string): Pick<People, 'delegations' | 'delegate' | 'endDelegation'> {
  return {
    async delegations(org) {
      return (await below(table, org, 'DELEGATION#')).map((item) => Delegation.parse(item));
    },

    async delegate(delegation) {
      const { org, from, id, endsAt } = delegation;
      const ttl = Math.floor(Date.parse(endsAt) / 1000);
      const Item = { ...delegationKey(org, from, id), ...delegation, ttl };
      await dynamo().send(
        new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
      );
    },

    async endDelegation(org, from, id, at) {
      try {
        await dynamo().send(
          new UpdateCommand({
            TableName: table,
            Key: delegationKey(org, from, id),
            UpdateExpression: 'SET revokedAt = if_not_exists(revokedAt, :at)',
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeValues: { ':at': at },
          }),
        );
      } catch (error) {
        if (isTaken(error)) throw new Fault('NotFound', 'There is no such delegation');
        throw error;
      }
    },
  };
}

function sessions(table: string): Pick<People, 'findInSession' | 'endSession'> {
  return {
    async findInSession(session) {
      const [ended, person] = await Promise.all([
        dynamo().send(new GetCommand({ TableName: table, Key: endedKey(session), ConsistentRead: true })),
        dynamo().send(
          new GetCommand({
            TableName: table,
            Key: personKey(session.org, session.personId),
            ConsistentRead: true,
          }),
        ),
      ]);
      if (ended.Item || !person.Item || person.Item.leftAt) return undefined;
      return Person.parse(person.Item);
    },

    async endSession(session) {
      await dynamo().send(
        new PutCommand({ TableName: table, Item: { ...endedKey(session), ttl: session.expires } }),
      );
    },
  };
}

function endedKey({ org, id }: Session) {
  return { pk: `ORG#${org}`, sk: `ENDED#${id}` };
}

/** A key's own id is all that its bearer names; the organization is read from the row. */
function isTaken(error: unknown): boolean {
  return (error as Error).name === 'ConditionalCheckFailedException';
}
