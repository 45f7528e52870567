import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { dynamo } from '../aws/clients.ts';
import { usedForm } from './approval-rows.ts';

/** Answers whether a request was seen for the first time, and remembers it for an hour: twice as long as its signature is good, and more. */
export function dynamoReplays(table: string): (hash: string, now: Date) => Promise<boolean> {
  return async (hash, now) => {
    try {
      const Item = usedForm(hash, now);
      await dynamo().send(
        new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
      );
      return true;
    } catch (error) {
      if ((error as Error).name === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  };
}
