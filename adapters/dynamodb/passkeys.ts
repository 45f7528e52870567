import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import { Passkey, type Passkeys } from '#core/people/passkey.ts';
import { dynamo } from '../aws/clients.ts';
import { below } from './below.ts';
import { isRefused } from './change.ts';

/** Below a person of the people table. */
export function dynamoPasskeys(table: string): Passkeys {
  return {
    async of(org, person) {
      const found = await below(table, org, `PASSKEY#${person}#`);
      return found.map((item) => Passkey.parse(item)).filter(({ removedAt }) => !removedAt);
    },

    async add(passkey) {
      const Item = { ...keyOf(passkey), ...Passkey.parse(passkey) };
      try {
        await dynamo().send(
          new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
        );
      } catch (error) {
        if (!isRefused(error)) throw error;
        throw new Fault('Conflict', 'You have this passkey already', { cause: error });
      }
    },

    async remove({ org, person, id }, at) {
      await dynamo().send(
        new UpdateCommand({
          TableName: table,
          Key: keyOf({ org, person, id }),
          UpdateExpression: 'SET removedAt = if_not_exists(removedAt, :at)',
          ExpressionAttributeValues: { ':at': at },
        }),
      );
    },

    async used(passkey, counter, at) {
      try {
        await dynamo().send(
          new UpdateCommand({
            TableName: table,
            Key: keyOf(passkey),
            UpdateExpression: 'SET #counter = :counter, lastUsedAt = :at',
            ConditionExpression:
              'attribute_exists(pk) AND attribute_not_exists(removedAt) AND (#counter < :counter OR (#counter = :none AND :counter = :none))',
            ExpressionAttributeNames: { '#counter': 'counter' },
            ExpressionAttributeValues: { ':counter': counter, ':at': at, ':none': 0 },
          }),
        );
        return true;
      } catch (error) {
        if (!isRefused(error)) throw error;
        return false;
      }
    },
  };
}

function keyOf({ org, person, id }: Pick<Passkey, 'org' | 'person' | 'id'>) {
  return { pk: `ORG#${org}`, sk: `PASSKEY#${person}#${id}` };
}
