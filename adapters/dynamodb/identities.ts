import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import { type Account, type Identities, Identity } from '#core/people/account.ts';
import { SlackMember } from '#core/people/person.ts';
import { dynamo } from '../aws/clients.ts';
import { below } from './below.ts';
import { dynamoSlackPeople } from './slack-people.ts';

/** One row per account in the people's table, so that an account is one person's at most; a row without a person is nobody's. */
export function dynamoIdentities(table: string): Identities {
  const inSlack = dynamoSlackPeople(table);
  return {
    async personOf(org, account) {
      const { Item } = await dynamo().send(
        new GetCommand({ TableName: table, Key: rowKey(org, account), ConsistentRead: true }),
      );
      if (Item?.person) return Identity.parse(Item).person;
      const member = account.at === 'slack' && memberOf(account);
      return member ? (await inSlack.find(org, member))?.id : undefined;
    },

    async list(org) {
      const rows = await below(table, org, 'ACCOUNT#');
      return rows.filter(({ person }) => person).map((item) => Identity.parse(item));
    },

    async link(identity) {
      const { org, person } = identity;
      try {
        await dynamo().send(
          new PutCommand({
            TableName: table,
            Item: { ...rowKey(org, identity), ...identity },
            ConditionExpression: 'attribute_not_exists(person) OR person = :person',
            ExpressionAttributeValues: { ':person': person },
          }),
        );
      } catch (error) {
        throw refused(error, new Fault('Conflict', TAKEN));
      }
    },

    async unlink(org, person, account) {
      try {
        await dynamo().send(
          new UpdateCommand({
            TableName: table,
            Key: rowKey(org, account),
            UpdateExpression: 'REMOVE person',
            ConditionExpression: 'person = :person',
            ExpressionAttributeValues: { ':person': person },
          }),
        );
      } catch (error) {
        throw refused(error, new Fault('NotFound', 'This person has no such account'));
      }
    },
  };
}

const TAKEN = 'This account is somebody else’s here; unlink it from them first';

function refused(error: unknown, fault: Fault): unknown {
  return (error as Error).name === 'ConditionalCheckFailedException' ? fault : error;
}

function memberOf({ id }: Account): SlackMember | undefined {
  const [team, user] = id.split('/');
  return SlackMember.safeParse({ team, user }).data;
}

function rowKey(org: string, { at, id }: Account) {
  return { pk: `ORG#${org}`, sk: `ACCOUNT#${at}#${id}` };
}
