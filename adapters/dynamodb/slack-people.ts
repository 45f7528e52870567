import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import { Person, type SlackMember } from '#core/people/person.ts';
import type { SlackPeople } from '#core/people/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { personKey } from './approval-rows.ts';
import { writeTogether } from './transaction.ts';

/** A member's row names the person and the person's row names the member; only where both agree are they one. */
export function dynamoSlackPeople(table: string): SlackPeople {
  async function get(Key: object) {
    const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item;
  }

  return {
    async find(org, member) {
      const named = await get(memberKey(org, member));
      const row = named?.person && (await get(personKey(org, named.person)));
      const person = row && Person.parse(row);
      return person?.slack?.team === member.team && person.slack.user === member.user ? person : undefined;
    },

    async link({ org, id }, member) {
      const refused = await writeTogether([
        {
          Update: {
            TableName: table,
            Key: memberKey(org, member),
            UpdateExpression: 'SET person = :id',
            ConditionExpression: 'attribute_not_exists(person) OR person = :id',
            ExpressionAttributeValues: { ':id': id },
          },
        },
        {
          Update: {
            TableName: table,
            Key: personKey(org, id),
            UpdateExpression: 'SET slack = :member',
            ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(slack) OR slack = :member)',
            ExpressionAttributeValues: { ':member': member },
          },
        },
      ]);
      if (!refused) return;
      throw new Fault(
        'Conflict',
        refused[0] ? TAKEN : 'You are linked to another Slack account; unlink that first',
      );
    },

    async unlink({ org, id, slack }) {
      if (!slack) return;
      const ExpressionAttributeValues = { ':id': id };
      await writeTogether([
        {
          Update: {
            TableName: table,
            Key: memberKey(org, slack),
            UpdateExpression: 'REMOVE person',
            ConditionExpression: 'person = :id',
            ExpressionAttributeValues,
          },
        },
        {
          Update: { TableName: table, Key: personKey(org, id), UpdateExpression: 'REMOVE slack' },
        },
      ]);
    },
  };
}

const TAKEN = 'This Slack account is linked to somebody else here; they have to unlink it first';

function memberKey(org: string, { team, user }: SlackMember) {
  return { pk: `ORG#${org}`, sk: `SLACK#${team}#${user}` };
}
